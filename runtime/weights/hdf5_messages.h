// The parts of an HDF5 object header that say what values look like: datatype and dataspace messages. Section numbers
// are those of the HDF5 file format specification, version 3:
// https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/data/array.h"
#include "runtime/weights/hdf5_cursor.h"

namespace kcc::runtime {

struct Hdf5Type {
  enum Kind { kNumber, kFixedString, kVariableString, kOpaque, kOther };
  Kind kind = kOther;
  DType number = DType::kF32;  // kNumber
  uint64_t size = 0;           // bytes of one element in the file
  std::string seen;            // kOther: what it is, for messages
};

// IV.A.2.d. What Keras does not write is kOther; a damaged message leaves the cursor failed.
Hdf5Type parse_hdf5_type(Hdf5Cursor& cursor);

// IV.A.2.b. Empty optional: damaged, or an empty ("null") dataspace, which holds no value.
std::optional<std::vector<int64_t>> parse_hdf5_space(Hdf5Cursor cursor);

}  // namespace kcc::runtime
