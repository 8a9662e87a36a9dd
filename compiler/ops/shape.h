// Movement: operations whose result elements are elements of an operand. Gradients are movements and sums.
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

// Stretches to `shape` as NumPy does (aligned at the right).
ValueId broadcast_to(Builder& b, ValueId x, const Shape& shape);
// Operand dimension i becomes dimension dims[i] of `shape`; extents of 1 stretch.
ValueId broadcast_in_dims(Builder& b, ValueId x, const Shape& shape, const std::vector<int64_t>& dims);
// The same elements in row-major order. Element counts must agree.
ValueId reshape(Builder& b, ValueId x, const Shape& shape);
ValueId transpose(Builder& b, ValueId x, const std::vector<int64_t>& perm);
// x[starts : starts + sizes*strides : strides]; a batched dimension must be taken whole.
ValueId slice(Builder& b, ValueId x, const std::vector<int64_t>& starts, const std::vector<int64_t>& sizes,
              const std::vector<int64_t>& strides);
// Adds low[i] elements of `value` before and high[i] after dimension i (0 for batched dimensions).
ValueId pad(Builder& b, ValueId x, const std::vector<int64_t>& low, const std::vector<int64_t>& high, double value);
ValueId concat(Builder& b, const std::vector<ValueId>& parts, int64_t axis);
ValueId reverse(Builder& b, ValueId x, int64_t axis);
// i32 of the given shape whose elements are their position along `axis`.
ValueId iota(Builder& b, const Shape& shape, int64_t axis);

}  // namespace kcc
