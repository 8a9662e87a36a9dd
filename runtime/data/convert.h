// From the numbers of a file to the numbers of the program: f32, i32, u32 or bool.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/data/array.h"

namespace kcc::runtime {

// out[i] = array[rows[i]] for i < count: one mini-batch. Every row index is in range. Integers and floats convert as
// NumPy's astype does; what an integer type cannot hold goes to its nearest value (check_integral finds it before).
void gather_rows(const Array& array, const int64_t* rows, int64_t count, ElementType to, void* out);

// The whole array.
void convert_array(const Array& array, ElementType to, void* out);

// Elements first .. first + count, which `elements` points to, of an array of this type and shape are whole numbers in
// lowest .. highest. The Error begins with `source` (the option's value or the file) and names the first offender's
// place and value.
Status check_integral(const std::string& source, const Array& array, const std::byte* elements, int64_t first,
                      int64_t count, int64_t lowest, int64_t highest);

}  // namespace kcc::runtime
