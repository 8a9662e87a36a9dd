// Writes an HDF5 file as h5py does by default (superblock 0, version-1 groups, contiguous datasets), so that h5py and
// Keras of any version read it. Equal trees give equal bytes.
#pragma once

#include <functional>
#include <string>

#include "runtime/weights/hdf5_tree.h"

namespace kcc::runtime {

// Takes a file's bytes piece by piece, from its begin.
using ByteSink = std::function<Status(const void* data, int64_t bytes)>;

// A file that is laid out but not written. The values stay where the tree's datasets have them.
class Hdf5File {
 public:
  // Parent groups that the tree does not name are made. `path` begins messages. The tree's values must outlive it.
  static Result<Hdf5File> lay_out(const std::string& path, const Hdf5Tree& tree);

  int64_t size() const { return size_; }
  Status write(const ByteSink& sink) const;

 private:
  std::string metadata_;
  std::vector<Array> values_;  // behind the metadata, each padded to 8 bytes
  int64_t size_ = 0;
};

// Atomic.
Status write_hdf5(const std::string& path, const Hdf5Tree& tree);

}  // namespace kcc::runtime
