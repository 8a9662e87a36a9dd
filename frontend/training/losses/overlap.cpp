// How little of two sets is common, for segmentation: one value a batch, or with `axis` for whatever axes are left.
// Formulas of keras/src/losses/losses.py.
#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "frontend/expressions.h"
#include "frontend/training/losses/recipes.h"

namespace kcc {
namespace {

struct Overlap {
  std::vector<int64_t> axes;
  double wrong = 0.5, missed = 0.5;  // weights of what is only in the labels, only in the prediction
};

std::vector<int64_t> all_axes(const Shape& shape) {
  std::vector<int64_t> axes;
  for (size_t i = 0; i < shape.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  return axes;
}

Loss spread_loss(CompareFunction values, const Overlap& overlap, const Shape& prediction) {
  Loss loss =
      elementwise_loss([=](Builder& b, const Comparison& c) { return per_position(b, values(b, c), prediction); });
  Shape left;
  for (size_t i = 0; i < prediction.size(); ++i)
    if (std::find(overlap.axes.begin(), overlap.axes.end(), static_cast<int64_t>(i)) == overlap.axes.end())
      left.push_back(prediction[i]);
  loss.summable = has_positions(left, prediction);
  return loss;
}

Overlap read_overlap(LossConfig& c) {
  Overlap overlap;
  overlap.axes = read_axes(c.options, c.prediction, std::nullopt);
  if (overlap.axes.empty()) overlap.axes = all_axes(c.prediction);
  c.options.note_limit("axis", "all, or any but the samples'");
  if (overlap.axes[0] == 0 && overlap.axes.size() < c.prediction.size())
    c.options.error("axis", "all axes, or axes other than the samples', 0: each sample has its loss");
  return overlap;
}

}  // namespace

// 1 - 2 |y p| / (|y| + |p|)
Loss dice_loss(LossConfig& c) {
  const Overlap o = read_overlap(c);
  const auto dice = [o](Builder& b, const Comparison& c) {
    const ValueId both = reduce_sum(b, mul(b, c.target, c.prediction), o.axes);
    const ValueId all = add(b, reduce_sum(b, c.target, o.axes), reduce_sum(b, c.prediction, o.axes));
    return sub(b, 1.0, div(b, mul(b, both, 2.0), add(b, all, kLossEpsilon)));
  };
  return spread_loss(dice, o, c.prediction);
}

// 1 - |y p| / (|y p| + alpha |y (1 - p)| + beta |p (1 - y)|)
Loss tversky_loss(LossConfig& c) {
  c.options.positional({"alpha", "beta"});
  Overlap o = read_overlap(c);
  o.wrong = c.options.number("alpha", o.wrong);
  o.missed = c.options.number("beta", o.missed);
  const auto tversky = [o](Builder& b, const Comparison& c) {
    const ValueId y = c.target, p = c.prediction;
    const ValueId both = reduce_sum(b, mul(b, y, p), o.axes);
    const ValueId only_y = reduce_sum(b, mul(b, sub(b, 1.0, p), y), o.axes);
    const ValueId only_p = reduce_sum(b, mul(b, p, sub(b, 1.0, y)), o.axes);
    const ValueId apart = add(b, mul(b, only_y, o.wrong), mul(b, only_p, o.missed));
    return sub(b, 1.0, div(b, both, add(b, add(b, both, apart), kLossEpsilon)));
  };
  return spread_loss(tversky, o, c.prediction);
}

}  // namespace kcc
