// Lists of names in the attributes of an HDF5 group, as .h5 files have them: a long one is split over NAME0, NAME1,
// ..., since no attribute may be larger than an object header.
#pragma once

#include <string>
#include <vector>

#include "runtime/weights/hdf5_tree.h"

namespace kcc::runtime {

std::vector<std::string> read_names(const Hdf5Object& object, const std::string& attribute);

// As Keras's save_attributes_to_hdf5_group splits them.
void write_names(Hdf5Object& object, const std::string& attribute, std::vector<std::string> names);

}  // namespace kcc::runtime
