// Writes an HDF5 file as h5py does by default (superblock 0, version-1 groups, contiguous datasets), so that h5py and
// Keras of any version read it. Equal trees give equal bytes.
#pragma once

#include <string>

#include "runtime/weights/hdf5_tree.h"

namespace kcc::runtime {

// Parent groups that the tree does not name are made. Atomic.
Status write_hdf5(const std::string& path, const Hdf5Tree& tree);

}  // namespace kcc::runtime
