#include "frontend/expressions.h"

#include <algorithm>
#include <numeric>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"

namespace kcc {

ValueId at_least(Builder& b, ValueId x, double y) {
  return binary(b, OpKind::kGe, x, constant(b, y));
}
ValueId at_most(Builder& b, ValueId x, double y) {
  return binary(b, OpKind::kLe, x, constant(b, y));
}

ValueId maximum(Builder& b, ValueId x, double y) {
  return binary(b, OpKind::kMax, x, constant(b, y));
}
ValueId absolute(Builder& b, ValueId x) {
  return unary(b, OpKind::kAbs, x);
}

ValueId divide_or_zero(Builder& b, ValueId x, ValueId y) {
  ValueId is_zero = binary(b, OpKind::kEq, y, constant(b, 0.0));
  return select(b, is_zero, constant(b, 0.0), div(b, x, select(b, is_zero, constant(b, 1.0), y)));
}

ValueId constants(Builder& b, const std::vector<double>& values) {
  std::vector<ValueId> parts;
  for (double value : values) parts.push_back(broadcast_to(b, constant(b, value), fixed_shape({1})));
  return concat(b, parts, 0);
}

std::vector<int64_t> axes_from(const Builder& b, ValueId x, int64_t first) {
  std::vector<int64_t> axes(static_cast<size_t>(std::max<int64_t>(0, b.type(x).rank() - first)));
  std::iota(axes.begin(), axes.end(), first);
  return axes;
}

ValueId sum_of(Builder& b, ValueId x) {
  return reduce_sum(b, x, axes_from(b, x, 0));
}

ValueId leaky_relu(Builder& b, ValueId x, double slope) {
  return select(b, at_least(b, x, 0.0), x, mul(b, x, slope));
}

ValueId square_sum(Builder& b, ValueId x) {
  std::vector<int64_t> axes(static_cast<size_t>(b.type(x).rank()));
  std::iota(axes.begin(), axes.end(), 0);
  return reduce_sum(b, square(b, x), axes);
}

// max(x, 0) + log(1 + exp(-|x|)). At 0 the first term has gradient 0, and -|x| is written so that its gradient is 1
// there, which the second term halves: together 1/2.
ValueId softplus(Builder& b, ValueId x) {
  ValueId positive = greater(b, x, 0.0);
  ValueId minus_abs = select(b, positive, neg(b, x), x);
  ValueId tail = unary(b, OpKind::kLog1p, unary(b, OpKind::kExp, minus_abs));
  return add(b, select(b, positive, x, constant(b, 0.0)), tail);
}

ValueId to_unit_length(Builder& b, ValueId x, const std::vector<int64_t>& axes, double epsilon) {
  ValueId inverse = unary(b, OpKind::kRsqrt, reduce_sum(b, square(b, x), axes, true));
  return mul(b, x, binary(b, OpKind::kMin, inverse, constant(b, 1 / epsilon)));
}

}  // namespace kcc
