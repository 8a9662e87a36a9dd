// Activation, ELU, LeakyReLU, PReLU, ReLU, Softmax, ThresholdedReLU.
#include "frontend/activations.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/rows.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

LayerBody applying(const Activation& activation) {
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.infer = [=](const Shapes& inputs) { return activation.infer(inputs[0]); };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) { return activation(scope.b, inputs[0]); };
  return body;
}

LayerBody elementwise(std::function<ValueId(Builder&, ValueId)> apply) {
  return applying({"", std::move(apply), nullptr});
}

// softmax.py, _large_negative_number
constexpr double kMasked = -1e9;

// Numbers say what counts by being over a half.
ValueId as_mask(Builder& b, ValueId mask) {
  if (mask < 0 || b.type(mask).dtype == DType::kBool) return mask;
  return greater(b, cast(b, mask, DType::kF32), 0.5);
}

// Whether `from` broadcasts to `to`, aligned at the right.
bool stretches(const Shape& from, const Shape& to) {
  if (from.size() > to.size()) return false;
  return std::equal(from.rbegin(), from.rend(), to.rbegin(),
                    [](const Dim& a, const Dim& b) { return a == b || a.is_one(); });
}

// The axes, sorted, become the last dimension and go back.
ValueId softmax_over(Builder& b, ValueId x, const std::vector<int64_t>& axes) {
  const Shape shape = b.shape(x);
  std::vector<int64_t> order;
  for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i)
    if (!std::binary_search(axes.begin(), axes.end(), i)) order.push_back(i);
  const size_t kept = order.size();
  order.insert(order.end(), axes.begin(), axes.end());
  std::vector<int64_t> back(order.size());
  for (size_t i = 0; i < order.size(); ++i) back[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  const ValueId turned = transpose(b, x, order);
  const Shape whole = b.shape(turned);
  Shape rows(whole.begin(), whole.begin() + static_cast<int64_t>(kept));
  rows.push_back(element_count(Shape(whole.begin() + static_cast<int64_t>(kept), whole.end())));
  return transpose(b, reshape(b, softmax(b, reshape(b, turned, rows)), whole), back);
}

}  // namespace

LayerBody activation_layer(LayerConfig& c) {
  if (!c.has("activation")) c.error("activation", "the name of an activation");
  const Activation activation = read_activation(c, "activation");
  LayerBody body = applying(activation);
  body.activation = activation.name;
  return body;
}

LayerBody elu_layer(LayerConfig& c) {
  return applying(make_activation("elu", c));
}

LayerBody relu_layer(LayerConfig& c) {
  for (const char* key : {"max_value", "negative_slope", "threshold"})
    if (c.has(key) && c.number(key, 0) < 0) c.error(key, "a number from 0 on");
  return applying(make_activation("relu", c));
}

// The layer's default slope is not the function's.
LayerBody leaky_relu_layer(LayerConfig& c) {
  const double slope = c.number("negative_slope", c.number("alpha", 0.3));
  if (slope < 0) c.error("negative_slope", "a number from 0 on");
  return elementwise([=](Builder& b, ValueId x) { return leaky_relu(b, x, slope); });
}

// Of Keras 2, in files that older versions wrote.
LayerBody thresholded_relu_layer(LayerConfig& c) {
  const double theta = c.number("theta", 1);
  if (theta < 0) c.error("theta", "a number from 0 on");
  return elementwise([=](Builder& b, ValueId x) { return select(b, greater(b, x, theta), x, constant(b, 0.0)); });
}

// max(x, 0) - alpha max(-x, 0); alpha has the shape of a sample, 1 along the shared axes.
LayerBody prelu_layer(LayerConfig& c) {
  const InitializerSpec initializer = read_initializer(c, "alpha_initializer", "zeros");
  const Penalty penalty = read_penalty(c, "alpha_regularizer");
  const Constraint constraint = read_constraint(c, "alpha_constraint");
  const std::vector<int64_t> shared = read_axes(c, "shared_axes", {});
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    const int64_t rank = static_cast<int64_t>(inputs[0].size());
    for (int64_t axis : shared)
      if (axis < 1 || axis >= rank)
        return misfit(fmt::format("there is no axis {} of {} that PReLU could share", axis, keras_shape(inputs[0])));
    return inputs[0];
  };
  body.weights = [=](const Shapes& inputs) {
    std::vector<int64_t> shape;
    for (size_t i = 1; i < inputs[0].size(); ++i) shape.push_back(inputs[0][i].size);
    for (int64_t axis : shared) shape[static_cast<size_t>(axis) - 1] = 1;
    return std::vector<Weight>{{"alpha", shape, initializer, true, penalty, constraint}};
  };
  body.call = [](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    return sub(b, relu(b, inputs[0]), mul(b, scope.weight("alpha"), relu(b, neg(b, inputs[0]))));
  };
  return body;
}

// Along several axes as along one that holds them all.
LayerBody softmax_layer(LayerConfig& c) {
  const std::vector<int64_t> axes = read_axes(c, "axis", {-1});
  LayerBody body;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    if (const auto at = positive_axes(axes, inputs[0].size()); at && !at->empty() && at->front() > 0) return inputs[0];
    return misfit(
        fmt::format("Softmax along {} does not fit the shape {}", fmt::join(axes, ", "), keras_shape(inputs[0])));
  };
  body.call_all = [=, misfit = Misfit(c)](CallScope& scope, const Tensors& inputs) {
    Builder& b = scope.b;
    const Shape shape = b.shape(inputs[0].value);
    const std::vector<int64_t> at = *positive_axes(axes, shape.size());
    ValueId mask = as_mask(b, inputs[0].mask);
    if (mask >= 0 && !stretches(b.shape(mask), shape)) {
      misfit(fmt::format("the mask {} of Softmax does not broadcast to its input {}", keras_shape(b.shape(mask)),
                         keras_shape(shape)));
      mask = -1;
    }
    if (mask < 0) return Tensors{{softmax_over(b, inputs[0].value, at), inputs[0].mask}};
    ValueId y = softmax_over(b, select(b, mask, inputs[0].value, constant(b, kMasked)), at);
    return Tensors{{select(b, mask, y, constant(b, 0.0)), inputs[0].mask}};
  };
  return body;
}

}  // namespace kcc
