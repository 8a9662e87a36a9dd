// BatchNormalization.
#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/rows.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

struct BatchNorm {
  int64_t axis = -1;
  double momentum = 0.99, epsilon = 1e-3;
  bool center = true, scale = true;
  InitializerSpec beta, gamma, mean, variance;
  Penalty beta_penalty, gamma_penalty;
  Constraint beta_constraint, gamma_constraint;
};

int64_t read_axis(ConfigReader& c) {
  const json::Value* axis = c.find("axis");
  if (!axis || !axis->is_array()) return c.integer("axis", -1);
  if (axis->items.size() == 1 && axis->items[0].kind == json::Kind::kInteger) return axis->items[0].integer;
  c.error("axis", "one axis");
  return -1;
}

BatchNorm read_batch_norm(ConfigReader& c) {
  BatchNorm o;
  o.axis = read_axis(c);
  o.momentum = c.number("momentum", o.momentum);
  o.epsilon = c.number("epsilon", o.epsilon);
  o.center = c.boolean("center", true);
  o.scale = c.boolean("scale", true);
  o.beta = read_initializer(c, "beta_initializer", "zeros");
  o.gamma = read_initializer(c, "gamma_initializer", "ones");
  o.mean = read_initializer(c, "moving_mean_initializer", "zeros");
  o.variance = read_initializer(c, "moving_variance_initializer", "ones");
  o.beta_penalty = read_penalty(c, "beta_regularizer");
  o.gamma_penalty = read_penalty(c, "gamma_regularizer");
  o.beta_constraint = read_constraint(c, "beta_constraint");
  o.gamma_constraint = read_constraint(c, "gamma_constraint");
  for (const char* key : {"synchronized", "renorm"}) c.refuse(key);
  c.ignore({"renorm_clipping", "renorm_momentum"});
  return o;
}

std::vector<int64_t> other_axes(size_t rank, int64_t axis) {
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < static_cast<int64_t>(rank); ++i)
    if (i != axis) axes.push_back(i);
  return axes;
}

// (C) -> the shape of x, along its channel axis.
ValueId spread(Builder& b, ValueId channels, const Shape& shape, int64_t axis) {
  return broadcast_in_dims(b, channels, shape, {axis});
}

// Statistics of the batch; the moving ones follow them.
ValueId train(CallScope& scope, ValueId x, const BatchNorm& o, int64_t axis) {
  Builder& b = scope.b;
  const Shape shape = b.shape(x);
  const std::vector<int64_t> axes = other_axes(shape.size(), axis);
  ValueId batch_mean = mean(b, x, axes);
  ValueId variance = mean(b, square(b, sub(b, x, spread(b, batch_mean, shape, axis))), axes);
  const auto follow = [&](const char* name, ValueId value) {
    scope.update(name, add(b, mul(b, scope.weight(name), o.momentum), mul(b, value, 1 - o.momentum)));
  };
  follow("moving_mean", batch_mean);
  follow("moving_variance", variance);
  ValueId y = normalize(b, x, axes, o.epsilon);
  if (o.scale) y = mul(b, y, spread(b, scope.weight("gamma"), shape, axis));
  return o.center ? add(b, y, spread(b, scope.weight("beta"), shape, axis)) : y;
}

// gamma (x - mean) / sqrt(variance + epsilon) + beta as one multiplication and one addition an element.
ValueId infer(CallScope& scope, ValueId x, const BatchNorm& o, int64_t axis) {
  Builder& b = scope.b;
  const Shape shape = b.shape(x);
  ValueId factor = unary(b, OpKind::kRsqrt, add(b, scope.weight("moving_variance"), o.epsilon));
  if (o.scale) factor = mul(b, factor, scope.weight("gamma"));
  ValueId offset = neg(b, mul(b, scope.weight("moving_mean"), factor));
  if (o.center) offset = add(b, offset, scope.weight("beta"));
  return add(b, mul(b, x, spread(b, factor, shape, axis)), spread(b, offset, shape, axis));
}

}  // namespace

LayerBody batch_normalization(LayerConfig& c) {
  const BatchNorm o = read_batch_norm(c);
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    const auto axis = positive_axis(o.axis, inputs[0].size());
    if (axis && *axis > 0) return inputs[0];
    return misfit(
        fmt::format("axis {} of BatchNormalization does not fit the input {}", o.axis, keras_shape(inputs[0])));
  };
  body.weights = [=](const Shapes& inputs) {
    const std::vector<int64_t> shape{inputs[0][static_cast<size_t>(*positive_axis(o.axis, inputs[0].size()))].size};
    std::vector<Weight> weights;
    if (o.scale) weights.push_back({"gamma", shape, o.gamma, true, o.gamma_penalty, o.gamma_constraint});
    if (o.center) weights.push_back({"beta", shape, o.beta, true, o.beta_penalty, o.beta_constraint});
    weights.push_back({"moving_mean", shape, o.mean, false});
    weights.push_back({"moving_variance", shape, o.variance, false});
    return weights;
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    const int64_t axis = *positive_axis(o.axis, scope.b.shape(inputs[0]).size());
    // A frozen layer keeps to its moving statistics in training too.
    const bool by_batch = scope.training && scope.trainable();
    return by_batch ? train(scope, inputs[0], o, axis) : infer(scope, inputs[0], o, axis);
  };
  return body;
}

}  // namespace kcc
