// Reads an HDF5 file as Keras and h5py write it: contiguous or compact datasets, groups of either generation, string
// and number attributes. Every offset and size in the file is distrusted; what Keras does not write (chunks,
// compression, links to elsewhere) is refused by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/weights/hdf5_tree.h"

namespace kcc::runtime {

// The tree's datasets point into the mapped file.
Result<Hdf5Tree> read_hdf5(const std::string& path);

// The same from memory that `owner` keeps alive; `source` begins the error messages.
Result<Hdf5Tree> parse_hdf5(const std::string& source, const std::byte* data, int64_t size,
                            std::shared_ptr<const void> owner);

}  // namespace kcc::runtime
