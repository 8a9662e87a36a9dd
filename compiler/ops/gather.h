// Rows of a table by their index, and its transpose. An index outside the table takes the first or last row: programs
// refuse such data before it gets here (runtime/bind_data.h).
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

// (V, D...) at i32 indices of any shape: indices' shape + (D...).
ValueId gather(Builder& b, ValueId table, ValueId indices);
// Zeros of `shape` (V, D...) with every row of `rows` (indices' shape + (D...)) added at its index, in order.
ValueId scatter_add(Builder& b, ValueId indices, ValueId rows, const Shape& shape);

}  // namespace kcc
