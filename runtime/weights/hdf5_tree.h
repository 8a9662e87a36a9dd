// An HDF5 file's content as Keras and h5py use it: groups, datasets and attributes by their paths. hdf5_reader makes
// it, hdf5_writer writes it, keras_weights gives it meaning.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/data/array.h"

namespace kcc::runtime {

using Hdf5Attribute = std::variant<std::string, std::vector<std::string>, Array>;

struct Hdf5Object {
  std::optional<Array> dataset;  // none: a group
  std::map<std::string, Hdf5Attribute> attributes;
};

// By path without a leading slash: "layers/dense/vars/0"; "" is the root group.
using Hdf5Tree = std::map<std::string, Hdf5Object>;

}  // namespace kcc::runtime
