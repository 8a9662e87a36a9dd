// Cross-entropies: (B, ..., C) -> (B, ...), formulas of keras/src/losses/losses.py.
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/rows.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/training/losses/recipes.h"

namespace kcc {
namespace {

ValueId log_of(Builder& b, ValueId x) {
  return unary(b, OpKind::kLog, x);
}

// log of the probabilities (..., C), which Keras makes sum to 1 and keeps away from 0.
ValueId log_probabilities(Builder& b, ValueId prediction, bool from_logits) {
  if (from_logits) return log_softmax(b, prediction);
  ValueId logits = logits_of(b, prediction, OpKind::kSoftmax);
  if (logits >= 0) return log_softmax(b, logits);
  ValueId normed = div(b, prediction, reduce_sum(b, prediction, {-1}, true));
  return log_of(b, clip(b, normed, kLossEpsilon, 1 - kLossEpsilon));
}

// With the axis moved to the end; the values lose it.
ValueId with_axis_last(Builder& b, ValueId x, int64_t axis) {
  const int64_t rank = b.type(x).rank();
  if (axis == rank - 1) return x;
  std::vector<int64_t> perm = axes_from(b, x, 0);
  perm.erase(perm.begin() + axis);
  perm.push_back(axis);
  return transpose(b, x, perm);
}

// Where Keras divides the smoothing by the last axis's extent, whatever axis the classes are on.
ValueId categorical_crossentropy(Builder& b, const Comparison& c, int64_t axis, bool from_logits, double smoothing) {
  ValueId y = c.target;
  const double classes = static_cast<double>(b.shape(y).back().size);
  if (smoothing != 0) y = add(b, mul(b, y, 1 - smoothing), smoothing / classes);
  const ValueId logs = log_probabilities(b, with_axis_last(b, c.prediction, axis), from_logits);
  return neg(b, reduce_sum(b, mul(b, with_axis_last(b, y, axis), logs), {-1}));
}

// (B, ..., C) bool: which class is the label's.
ValueId is_label(Builder& b, const Comparison& c) {
  const Shape shape = b.shape(c.prediction);
  Shape column = shape;
  column.back() = Dim{};
  return binary(b, OpKind::kEq, iota(b, shape, -1), reshape(b, c.target, column));
}

// A label that is no class, an ignored one too, picks nothing.
ValueId sparse_categorical_crossentropy(Builder& b, const Comparison& c, bool from_logits) {
  ValueId logs = log_probabilities(b, c.prediction, from_logits);
  return neg(b, reduce_sum(b, select(b, is_label(b, c), logs, constant(b, 0.0)), {-1}));
}

// From logits z: log(1 + e^z) - y z, whose gradient is sigmoid(z) - y.
ValueId binary_crossentropy(Builder& b, const Comparison& c, int64_t axis, bool from_logits, double smoothing) {
  ValueId y = c.target;
  if (smoothing != 0) y = add(b, mul(b, y, 1 - smoothing), 0.5 * smoothing);
  ValueId z = from_logits ? c.prediction : logits_of(b, c.prediction, OpKind::kSigmoid);
  if (z >= 0) return mean(b, sub(b, softplus(b, z), mul(b, y, z)), {axis});
  ValueId p = clip(b, c.prediction, kLossEpsilon, 1 - kLossEpsilon);
  ValueId on = mul(b, y, log_of(b, p)), off = mul(b, sub(b, 1.0, y), log_of(b, sub(b, 1.0, p)));
  return mean(b, neg(b, add(b, on, off)), {axis});
}

using Crossentropy = ValueId (*)(Builder&, const Comparison&, int64_t axis, bool from_logits, double smoothing);

Loss smoothed_loss(LossConfig& c, Crossentropy crossentropy) {
  c.options.positional({"from_logits", "label_smoothing", "axis"});
  const bool from_logits = c.options.boolean("from_logits", false);
  const double smoothing = read_smoothing(c.options);
  const int64_t axis = read_axis(c);
  const Shape prediction = c.prediction;
  Loss loss = elementwise_loss([=](Builder& b, const Comparison& c) {
    return per_position(b, crossentropy(b, c, axis, from_logits, smoothing), prediction);
  });
  loss.summable = axis == static_cast<int64_t>(prediction.size()) - 1;
  return loss;
}

}  // namespace

Loss binary_crossentropy_loss(LossConfig& c) {
  return smoothed_loss(c, binary_crossentropy);
}

Loss categorical_crossentropy_loss(LossConfig& c) {
  Loss loss = smoothed_loss(c, categorical_crossentropy);
  loss.one_hot_labels = loss.summable;
  return loss;
}

Loss sparse_categorical_crossentropy_loss(LossConfig& c) {
  c.options.positional({"from_logits", "ignore_class", "axis"});
  const bool from_logits = c.options.boolean("from_logits", false);
  c.options.note_limit("axis", "the last alone");
  if (read_axis(c) != static_cast<int64_t>(c.prediction.size()) - 1)
    c.options.error("axis", "the last axis, which alone fits class numbers of the output's shape without it");
  Loss loss = elementwise_loss(
      [=](Builder& b, const Comparison& c) { return sparse_categorical_crossentropy(b, c, from_logits); });
  loss.class_indices = true;
  if (!c.options.has("ignore_class")) return loss;
  const double ignored = static_cast<double>(c.options.integer("ignore_class", -1));
  loss.counted = [=](Builder& b, const Comparison& c) {
    return binary(b, OpKind::kNe, c.target, constant(b, ignored, DType::kI32));
  };
  loss.values = [values = loss.values, counted = loss.counted](Builder& b, const Comparison& c) {
    return select(b, counted(b, c), values(b, c), constant(b, 0.0));
  };
  return loss;
}

// (1 - p^q) / q of the label's probability p
Loss generalized_crossentropy_loss(LossConfig& c) {
  c.options.positional({"q"});
  const double q = c.options.number("q", 0.5);
  if (!(q > 0 && q < 1)) c.options.error("q", "a number between 0 and 1");
  Loss loss = elementwise_loss([=](Builder& b, const Comparison& c) {
    const ValueId p = reduce_sum(b, select(b, is_label(b, c), c.prediction, constant(b, 0.0)), {-1});
    return div(b, sub(b, 1.0, binary(b, OpKind::kPow, p, constant(b, q))), q);
  });
  loss.class_indices = true;
  return loss;
}

}  // namespace kcc
