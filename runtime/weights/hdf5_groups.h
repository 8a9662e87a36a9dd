// Where things are in an HDF5 file: the superblock, groups of either generation and what they hold. Section numbers as
// in hdf5_messages.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/weights/hdf5_header.h"

namespace kcc::runtime {

constexpr uint64_t kHdf5Undefined = ~uint64_t{0};  // HDF5's "no address"

// III.A. The address of the root group's object header.
Result<uint64_t> read_hdf5_superblock(const Hdf5Image& image);

struct Hdf5Link {
  std::string_view name;
  uint64_t object;  // address of its header
};

// What a group holds, in the file's order. `path` and `address` are the group's, `messages` its header. Links to
// elsewhere are refused.
Result<std::vector<Hdf5Link>> read_hdf5_group(Hdf5Image& image, const std::string& path, uint64_t address,
                                              const std::vector<Hdf5Message>& messages);

}  // namespace kcc::runtime
