// Rows of arrays of samples, wherever they are: in memory, or in a file or folder that a RowSource reads. Between the
// data files and the batches.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/data/array.h"

namespace kcc::runtime {

// Rows order[first .. first + count), or first .. first + count where order is null, converted as gather_rows does.
// `scratch` is room that calls share.
Status read_rows(const Array& array, const int64_t* order, int64_t first, int64_t count, ElementType to,
                 std::vector<std::byte>& scratch, void* out);

// Every element is a whole number in lowest .. highest: class indices, counters. Holds a few megabytes of what is not
// in memory at a time. The Error begins with `source` and names the first offender's place and value.
Status check_integral(const std::string& source, const Array& array, int64_t lowest, int64_t highest);

// The whole array in memory; itself, where it is already.
Result<Array> read_array(const std::string& source, const Array& array);

}  // namespace kcc::runtime
