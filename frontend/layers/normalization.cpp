// GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization: over each sample by itself.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/rows.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

using Axes = std::vector<int64_t>;

int64_t extent_at(const Shape& shape, int64_t axis) {
  return shape[static_cast<size_t>(axis)].size;
}

// The axes as positions. Empty after reporting that they do not exist or that the batch is among them.
std::optional<Axes> sample_axes(const Axes& axes, const Shape& shape, const Misfit& misfit, const std::string& name) {
  const auto at = positive_axes(axes, shape.size());
  if (at && !at->empty() && at->front() > 0) return at;
  return misfit(
      fmt::format("axis {} of {} does not fit the input {}", fmt::join(axes, ", "), name, keras_shape(shape)));
}

// Keras's weights "gamma" and "beta".
struct ScaleAndOffset {
  bool scale = true, center = true;
  InitializerSpec gamma, beta;
  Penalty gamma_penalty, beta_penalty;
  Constraint gamma_constraint, beta_constraint;

  std::vector<Weight> weights(const std::vector<int64_t>& shape) const {
    std::vector<Weight> weights;
    if (scale) weights.push_back({"gamma", shape, gamma, true, gamma_penalty, gamma_constraint});
    if (center) weights.push_back({"beta", shape, beta, true, beta_penalty, beta_constraint});
    return weights;
  }

  // x gamma + beta, the weights spread by `spread`.
  template <typename Spread>
  ValueId apply(CallScope& scope, ValueId x, const Spread& spread) const {
    if (scale) x = mul(scope.b, x, spread(scope.weight("gamma")));
    return center ? add(scope.b, x, spread(scope.weight("beta"))) : x;
  }
};

ScaleAndOffset read_scale_and_offset(ConfigReader& c) {
  ScaleAndOffset o;
  o.center = c.boolean("center", true);
  o.scale = c.boolean("scale", true);
  o.beta = read_initializer(c, "beta_initializer", "zeros");
  o.gamma = read_initializer(c, "gamma_initializer", "ones");
  o.beta_penalty = read_penalty(c, "beta_regularizer");
  o.gamma_penalty = read_penalty(c, "gamma_regularizer");
  o.beta_constraint = read_constraint(c, "beta_constraint");
  o.gamma_constraint = read_constraint(c, "gamma_constraint");
  return o;
}

// A weight of the axes' extents, in whatever order its own dimensions are: Keras reshapes it to the axes' order.
ValueId spread_over(Builder& b, ValueId weight, const Shape& shape, const Axes& axes) {
  Shape extents;
  for (int64_t axis : axes) extents.push_back(shape[static_cast<size_t>(axis)]);
  return broadcast_in_dims(b, reshape(b, weight, extents), shape, axes);
}

// The weight's shape: Keras sorts the axes as they are written, negative ones first.
std::vector<int64_t> extents_of(Axes written, const Shape& shape) {
  std::sort(written.begin(), written.end());
  std::vector<int64_t> extents;
  for (int64_t axis : written) extents.push_back(extent_at(shape, *positive_axis(axis, shape.size())));
  return extents;
}

// x / sqrt(variance + epsilon): what LayerNormalization calls rms_scaling.
ValueId over_deviation(Builder& b, ValueId x, const Axes& axes, double epsilon) {
  ValueId variance = mean(b, square(b, sub(b, x, mean(b, x, axes, true))), axes, true);
  return mul(b, x, unary(b, OpKind::kRsqrt, add(b, variance, epsilon)));
}

// (.., C, ..) -> (.., groups, C / groups, ..)
Shape grouped(Shape shape, int64_t axis, int64_t groups) {
  shape[static_cast<size_t>(axis)].size /= groups;
  shape.insert(shape.begin() + axis, Dim{groups});
  return shape;
}

}  // namespace

LayerBody layer_normalization(LayerConfig& c) {
  const Axes written = read_axes(c, "axis", {-1});
  const double epsilon = c.number("epsilon", 1e-3);
  const bool rms_scaling = c.boolean("rms_scaling", false);
  ScaleAndOffset o = read_scale_and_offset(c);
  if (rms_scaling) o.scale = true, o.center = false;
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    if (!sample_axes(written, inputs[0], misfit, "LayerNormalization")) return std::nullopt;
    return inputs[0];
  };
  body.weights = [=](const Shapes& inputs) { return o.weights(extents_of(written, inputs[0])); };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    const Shape shape = b.shape(inputs[0]);
    const Axes axes = *positive_axes(written, shape.size());
    ValueId y = rms_scaling ? over_deviation(b, inputs[0], axes, epsilon) : normalize(b, inputs[0], axes, epsilon);
    return o.apply(scope, y, [&](ValueId weight) { return spread_over(b, weight, shape, axes); });
  };
  return body;
}

LayerBody group_normalization(LayerConfig& c) {
  const int64_t written = c.integer("axis", -1), groups = c.integer("groups", 32);
  const double epsilon = c.number("epsilon", 1e-3);
  const ScaleAndOffset o = read_scale_and_offset(c);
  if (groups < 1 && groups != -1) c.error("groups", "a positive number, or -1 for one group a channel");
  const auto groups_of = [=](const Shape& shape, int64_t axis) {
    return groups == -1 ? extent_at(shape, axis) : groups;
  };
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    const auto axes = sample_axes({written}, inputs[0], misfit, "GroupNormalization");
    if (!axes) return std::nullopt;
    const int64_t channels = extent_at(inputs[0], axes->front());
    if (channels % groups_of(inputs[0], axes->front()) == 0) return inputs[0];
    return misfit(fmt::format("{} channels cannot be divided into {} groups", channels, groups));
  };
  body.weights = [=](const Shapes& inputs) { return o.weights(extents_of({written}, inputs[0])); };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    const Shape shape = b.shape(inputs[0]);
    const int64_t axis = *positive_axis(written, shape.size());
    const Shape split = grouped(shape, axis, groups_of(shape, axis));
    Axes axes;
    for (int64_t i = 1; i < static_cast<int64_t>(split.size()); ++i)
      if (i != axis) axes.push_back(i);
    ValueId y = reshape(b, normalize(b, reshape(b, inputs[0], split), axes, epsilon), shape);
    return o.apply(scope, y, [&](ValueId weight) { return spread_over(b, weight, shape, {axis}); });
  };
  return body;
}

// x / sqrt(mean(x^2) + epsilon) scale. The scale is not brought to its axes: it meets the last ones.
LayerBody rms_normalization(LayerConfig& c) {
  const Axes written = read_axes(c, "axis", {-1});
  const double epsilon = c.number("epsilon", 1e-6);
  const InitializerSpec ones = [](const std::vector<int64_t>&) { return Initializer{Initializer::Kind::kConstant, 1}; };
  LayerBody body;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    const Shape& shape = inputs[0];
    if (!sample_axes(written, shape, misfit, "RMSNormalization")) return std::nullopt;
    const std::vector<int64_t> scale = extents_of(written, shape);
    bool fits = true;
    for (size_t i = 0; i < scale.size(); ++i)
      fits &= scale[i] == shape[shape.size() - scale.size() + i].size || scale[i] == 1;
    if (fits) return shape;
    return misfit(fmt::format("RMSNormalization along axis {} scales the last dimensions, which {} does not allow",
                              fmt::join(written, ", "), keras_shape(shape)));
  };
  body.weights = [=](const Shapes& inputs) {
    return std::vector<Weight>{{"scale", extents_of(written, inputs[0]), ones}};
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    const Axes axes = *positive_axes(written, b.shape(inputs[0]).size());
    ValueId root = unary(b, OpKind::kRsqrt, add(b, mean(b, square(b, inputs[0]), axes, true), epsilon));
    return mul(b, mul(b, inputs[0], root), scope.weight("scale"));
  };
  return body;
}

LayerBody unit_normalization(LayerConfig& c) {
  const Axes written = read_axes(c, "axis", {-1});
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    if (!sample_axes(written, inputs[0], misfit, "UnitNormalization")) return std::nullopt;
    return inputs[0];
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    const Axes axes = *positive_axes(written, scope.b.shape(inputs[0]).size());
    return to_unit_length(scope.b, inputs[0], axes, 1e-12);
  };
  return body;
}

}  // namespace kcc
