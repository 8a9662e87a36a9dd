#include "frontend/expressions.h"

#include <numeric>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"

namespace kcc {

ValueId at_least(Builder& b, ValueId x, double y) {
  return binary(b, OpKind::kGe, x, constant(b, y));
}
ValueId at_most(Builder& b, ValueId x, double y) {
  return binary(b, OpKind::kLe, x, constant(b, y));
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
