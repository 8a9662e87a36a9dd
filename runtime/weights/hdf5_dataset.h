// What the header of an HDF5 dataset says of its values; who reads them decides which ways of storing them it takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/weights/hdf5_header.h"
#include "runtime/weights/hdf5_messages.h"

namespace kcc::runtime {

struct Hdf5Dataset {
  Hdf5Type type;
  std::vector<int64_t> shape;
  uint64_t layout_version = 0;  // 3 to 5; 5 is 4 for chunks beyond 4 GB
  enum class Storage { kCompact, kContiguous, kChunks } storage = Storage::kCompact;
  Hdf5Cursor layout;     // the layout message behind the storage's kind
  bool filters = false;  // the header has a filter message
};

// `path` and `address` are the dataset's, `messages` its header. Values elsewhere and virtual datasets are refused.
Result<Hdf5Dataset> read_hdf5_dataset(const Hdf5Image& image, const std::string& path, uint64_t address,
                                      const std::vector<Hdf5Message>& messages);

// IV.A.2.i. The values of a compact or contiguous dataset: exactly `bytes` of them.
Result<Hdf5Cursor> find_hdf5_values(const Hdf5Image& image, const std::string& path, uint64_t address,
                                    const Hdf5Dataset& dataset, int64_t bytes);

}  // namespace kcc::runtime
