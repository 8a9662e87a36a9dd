// Distances of numbers: (B, ..., C) -> (B, ...), formulas of keras/src/losses/losses.py.
#include <cmath>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "frontend/expressions.h"
#include "frontend/training/losses/recipes.h"

namespace kcc {
namespace {

ValueId last_mean(Builder& b, ValueId x) {
  return mean(b, x, {-1});
}

// log(max(x, epsilon) + 1)
ValueId log_plus_one(Builder& b, ValueId x) {
  return unary(b, OpKind::kLog, add(b, maximum(b, x, kLossEpsilon), 1.0));
}

ValueId huber(Builder& b, const Comparison& c, double delta) {
  const ValueId error = sub(b, c.prediction, c.target), size = absolute(b, error);
  const ValueId far = sub(b, mul(b, size, delta), 0.5 * delta * delta);
  return last_mean(b, select(b, at_most(b, size, delta), mul(b, square(b, error), 0.5), far));
}

}  // namespace

Loss mean_squared_error_loss(LossConfig&) {
  return elementwise_loss(
      [](Builder& b, const Comparison& c) { return last_mean(b, square(b, sub(b, c.target, c.prediction))); });
}

Loss mean_absolute_error_loss(LossConfig&) {
  return elementwise_loss(
      [](Builder& b, const Comparison& c) { return last_mean(b, absolute(b, sub(b, c.target, c.prediction))); });
}

Loss mean_absolute_percentage_error_loss(LossConfig&) {
  return elementwise_loss([](Builder& b, const Comparison& c) {
    const ValueId size = maximum(b, absolute(b, c.target), kLossEpsilon);
    return mul(b, last_mean(b, absolute(b, div(b, sub(b, c.target, c.prediction), size))), 100.0);
  });
}

Loss mean_squared_logarithmic_error_loss(LossConfig&) {
  return elementwise_loss([](Builder& b, const Comparison& c) {
    return last_mean(b, square(b, sub(b, log_plus_one(b, c.prediction), log_plus_one(b, c.target))));
  });
}

// log(cosh(e)) = e + softplus(-2 e) - log 2
Loss log_cosh_loss(LossConfig&) {
  return elementwise_loss([](Builder& b, const Comparison& c) {
    const ValueId error = sub(b, c.prediction, c.target);
    return last_mean(b, sub(b, add(b, error, softplus(b, mul(b, error, -2.0))), std::log(2.0)));
  });
}

Loss huber_loss(LossConfig& c) {
  c.options.positional({"delta"});
  const double delta = c.options.number("delta", 1.0);
  return elementwise_loss([=](Builder& b, const Comparison& c) { return huber(b, c, delta); });
}

Loss cosine_similarity_loss(LossConfig& c) {
  c.options.positional({"axis"});
  const int64_t axis = read_axis(c);
  const Shape prediction = c.prediction;
  Loss loss = elementwise_loss([=](Builder& b, const Comparison& c) {
    const ValueId y = to_unit_length(b, c.target, {axis}, kLossEpsilon),
                  p = to_unit_length(b, c.prediction, {axis}, kLossEpsilon);
    return per_position(b, neg(b, reduce_sum(b, mul(b, y, p), {axis})), prediction);
  });
  loss.summable = axis == static_cast<int64_t>(prediction.size()) - 1;
  return loss;
}

}  // namespace kcc
