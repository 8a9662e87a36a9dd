// Distances of distributions and counts: (B, ..., C) -> (B, ...), formulas of keras/src/losses/losses.py.
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "frontend/training/losses/recipes.h"

namespace kcc {

Loss kl_divergence_loss(LossConfig&) {
  return elementwise_loss([](Builder& b, const Comparison& c) {
    const ValueId y = clip(b, c.target, kLossEpsilon, 1), p = clip(b, c.prediction, kLossEpsilon, 1);
    return reduce_sum(b, mul(b, y, unary(b, OpKind::kLog, div(b, y, p))), {-1});
  });
}

Loss poisson_loss(LossConfig&) {
  return elementwise_loss([](Builder& b, const Comparison& c) {
    const ValueId logs = unary(b, OpKind::kLog, add(b, c.prediction, kLossEpsilon));
    return mean(b, sub(b, c.prediction, mul(b, c.target, logs)), {-1});
  });
}

}  // namespace kcc
