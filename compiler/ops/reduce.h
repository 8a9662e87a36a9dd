// Reductions. Axes may be negative. Reduced dimensions vanish unless keep_dims, which leaves extents of 1.
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

ValueId reduce(Builder& b, OpKind op, ValueId x, const std::vector<int64_t>& axes, bool keep_dims = false);
ValueId reduce_sum(Builder& b, ValueId x, const std::vector<int64_t>& axes, bool keep_dims = false);
ValueId reduce_max(Builder& b, ValueId x, const std::vector<int64_t>& axes, bool keep_dims = false);
// Sum over the axes divided by how many elements they have, the batch included.
ValueId mean(Builder& b, ValueId x, const std::vector<int64_t>& axes, bool keep_dims = false);
// Mean over all elements: a scalar.
ValueId mean(Builder& b, ValueId x);
// Position of the first largest element along the axis, i32; the axis vanishes.
ValueId argmax(Builder& b, ValueId x, int64_t axis);
// How many elements `shape` has at run time, as f32 scalar.
ValueId extent(Builder& b, const Shape& shape);

}  // namespace kcc
