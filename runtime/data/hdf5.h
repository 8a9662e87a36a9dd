// Datasets of HDF5 files as h5py writes them: contiguous or in chunks, compressed (gzip), shuffled, with checksums. The
// file's own structures are read by runtime/weights/hdf5_*.h; weights need whole trees of small arrays, data needs one
// large one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/data/array.h"

namespace kcc::runtime {

// `dataset` is its path: "/train/x" or "train/x"; "": the only one in the root group. A large one stays in the file;
// chunks are then unpacked as their rows are asked for.
Result<Array> read_hdf5_data(const std::string& path, const std::string& dataset);

}  // namespace kcc::runtime
