// Cross-entropies that count what is already known less (Lin et al., arXiv:1708.02002): (B, ..., C) -> (B, ...),
// formulas of keras/src/losses/losses.py.
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/rows.h"
#include "frontend/training/losses/recipes.h"

namespace kcc {
namespace {

struct Focal {
  bool balanced = false;
  double alpha = 0.25, gamma = 2;
  bool from_logits = false;
  double smoothing = 0;
};

ValueId log_of(Builder& b, ValueId x) {
  return unary(b, OpKind::kLog, x);
}
ValueId complement(Builder& b, ValueId x) {
  return sub(b, 1.0, x);
}
// x^gamma; the usual gamma without a pow.
ValueId focus(Builder& b, ValueId x, double gamma) {
  if (gamma == 2) return square(b, x);
  return gamma == 1 ? x : binary(b, OpKind::kPow, x, constant(b, gamma));
}

// y x + (1 - y) (1 - x)
ValueId mix(Builder& b, ValueId y, ValueId x) {
  return add(b, mul(b, y, x), mul(b, complement(b, y), complement(b, x)));
}

ValueId binary_focal(Builder& b, const Comparison& c, const Focal& f) {
  ValueId y = c.target;
  if (f.smoothing != 0) y = add(b, mul(b, y, 1 - f.smoothing), 0.5 * f.smoothing);
  const ValueId p = f.from_logits ? unary(b, OpKind::kSigmoid, c.prediction) : c.prediction;
  const ValueId safe = clip(b, p, kLossEpsilon, 1 - kLossEpsilon);
  const ValueId entropy =
      neg(b, add(b, mul(b, y, log_of(b, safe)), mul(b, complement(b, y), log_of(b, complement(b, safe)))));
  ValueId loss = mul(b, focus(b, complement(b, mix(b, y, p)), f.gamma), entropy);
  if (f.balanced) loss = mul(b, mix(b, y, constant(b, f.alpha)), loss);
  return mean(b, loss, {-1});
}

ValueId categorical_focal(Builder& b, const Comparison& c, const Focal& f) {
  ValueId y = c.target;
  const double classes = static_cast<double>(b.shape(y).back().size);
  if (f.smoothing != 0) y = add(b, mul(b, y, 1 - f.smoothing), f.smoothing / classes);
  const ValueId p = f.from_logits ? softmax(b, c.prediction) : c.prediction;
  const ValueId safe = clip(b, div(b, p, reduce_sum(b, p, {-1}, true)), kLossEpsilon, 1 - kLossEpsilon);
  const ValueId weight = mul(b, focus(b, complement(b, safe), f.gamma), f.alpha);
  return reduce_sum(b, mul(b, weight, neg(b, mul(b, y, log_of(b, safe)))), {-1});
}

Focal read_focal(LossConfig& c) {
  Focal f;
  f.alpha = c.options.number("alpha", f.alpha);
  f.gamma = c.options.number("gamma", f.gamma);
  f.from_logits = c.options.boolean("from_logits", false);
  f.smoothing = read_smoothing(c.options);
  c.options.note_limit("axis", "the last alone");
  if (read_axis(c) != static_cast<int64_t>(c.prediction.size()) - 1)
    c.options.error("axis", "the last axis: focal losses take no other here");
  return f;
}

}  // namespace

Loss binary_focal_loss(LossConfig& c) {
  c.options.positional({"apply_class_balancing", "alpha", "gamma", "from_logits", "label_smoothing", "axis"});
  Focal f = read_focal(c);
  f.balanced = c.options.boolean("apply_class_balancing", false);
  return elementwise_loss([=](Builder& b, const Comparison& c) { return binary_focal(b, c, f); });
}

Loss categorical_focal_loss(LossConfig& c) {
  c.options.positional({"alpha", "gamma", "from_logits", "label_smoothing", "axis"});
  const Focal f = read_focal(c);
  Loss loss = elementwise_loss([=](Builder& b, const Comparison& c) { return categorical_focal(b, c, f); });
  loss.one_hot_labels = true;
  return loss;
}

}  // namespace kcc
