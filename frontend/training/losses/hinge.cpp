// Margins: (B, ..., C) -> (B, ...), formulas of keras/src/losses/losses.py.
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "frontend/expressions.h"
#include "frontend/training/losses/recipes.h"

namespace kcc {
namespace {

// Labels 0 and 1 become -1 and 1, unless the batch has others: then all stay as they are, as Keras decides it.
ValueId signed_labels(Builder& b, ValueId y) {
  const ValueId is_binary =
      binary(b, OpKind::kOr, binary(b, OpKind::kEq, y, constant(b, 0.0)), binary(b, OpKind::kEq, y, constant(b, 1.0)));
  const ValueId all = reduce(b, OpKind::kReduceMin, cast(b, is_binary, DType::kF32), axes_from(b, y, 0));
  return select(b, greater(b, all, 0.5), sub(b, mul(b, y, 2.0), 1.0), y);
}

ValueId margins(Builder& b, const Comparison& c) {
  return maximum(b, sub(b, 1.0, mul(b, signed_labels(b, c.target), c.prediction)), 0.0);
}

}  // namespace

Loss hinge_loss(LossConfig&) {
  return elementwise_loss([](Builder& b, const Comparison& c) { return mean(b, margins(b, c), {-1}); });
}

Loss squared_hinge_loss(LossConfig&) {
  return elementwise_loss([](Builder& b, const Comparison& c) { return mean(b, square(b, margins(b, c)), {-1}); });
}

Loss categorical_hinge_loss(LossConfig&) {
  Loss loss = elementwise_loss([](Builder& b, const Comparison& c) {
    const ValueId right = reduce_sum(b, mul(b, c.target, c.prediction), {-1});
    const ValueId wrong = reduce_max(b, mul(b, sub(b, 1.0, c.target), c.prediction), {-1});
    return maximum(b, add(b, sub(b, wrong, right), 1.0), 0.0);
  });
  loss.one_hot_labels = true;
  return loss;
}

}  // namespace kcc
