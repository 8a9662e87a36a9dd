// Expressions that layers and losses share, composed of operations.
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

ValueId at_least(Builder& b, ValueId x, double y);  // x >= y
ValueId at_most(Builder& b, ValueId x, double y);   // x <= y
ValueId maximum(Builder& b, ValueId x, double y);
ValueId absolute(Builder& b, ValueId x);
// x / y, and 0 where y is 0: Keras's divide_no_nan.
ValueId divide_or_zero(Builder& b, ValueId x, ValueId y);
// f32 (n) of these numbers.
ValueId constants(Builder& b, const std::vector<double>& values);
// The sum over all axes: a scalar.
ValueId sum_of(Builder& b, ValueId x);
// first, first + 1, ... up to the value's rank: axes for reductions.
std::vector<int64_t> axes_from(const Builder& b, ValueId x, int64_t first);
ValueId leaky_relu(Builder& b, ValueId x, double slope);  // gradient 1 at 0
ValueId square_sum(Builder& b, ValueId x);                // of all elements: a scalar
// log(1 + exp(x)) without overflow; its gradient is exactly sigmoid(x), at 0 too.
ValueId softplus(Builder& b, ValueId x);
// x / max(|x|, epsilon) by Euclidean norms along the axes, as Keras's normalize computes it: a row of zeros has no
// gradient there but NaN.
ValueId to_unit_length(Builder& b, ValueId x, const std::vector<int64_t>& axes, double epsilon);

}  // namespace kcc
