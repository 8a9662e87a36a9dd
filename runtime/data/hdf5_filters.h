// The filters that h5py puts a chunk through: gzip (deflate), shuffle, fletcher32. HDF5's specification, IV.A.2.l.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/weights/hdf5_image.h"

namespace kcc::runtime {

enum class Hdf5Filter : uint64_t { kDeflate = 1, kShuffle = 2, kFletcher32 = 3 };

// In the order in which they were applied. Others are refused by name. `body` is the filter message.
Result<std::vector<Hdf5Filter>> parse_hdf5_filters(const Hdf5Image& image, const std::string& path, Hdf5Cursor body);

// Undoes the filters but those of the bits in `skipped`. `element` is the size of a number. False: damaged, or not of
// exactly `bytes` bytes.
bool undo_hdf5_filters(const std::vector<Hdf5Filter>& filters, uint64_t skipped, int64_t element,
                       std::vector<std::byte> stored, int64_t bytes, std::vector<std::byte>& values);

}  // namespace kcc::runtime
