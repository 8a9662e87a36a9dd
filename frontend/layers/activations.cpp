// Activation, ReLU, LeakyReLU, ELU, Softmax.
#include "frontend/activations.h"

#include <fmt/format.h>

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

}  // namespace

LayerBody activation_layer(LayerConfig& c) {
  if (!c.has("activation")) c.error("activation", "the name of an activation");
  return applying(read_activation(c, "activation"));
}

LayerBody elu_layer(LayerConfig& c) {
  return applying(make_activation("elu", c));
}
LayerBody relu_layer(LayerConfig& c) {
  return applying(make_activation("relu", c));
}

// The layer's default slope is not the function's.
LayerBody leaky_relu_layer(LayerConfig& c) {
  const json::Value slope = [&] {
    json::Value value;
    value.kind = json::Kind::kNumber;
    value.number = c.number("negative_slope", c.number("alpha", 0.3));
    return value;
  }();
  const json::Value config = json::object_value({{"negative_slope", c.mark(), slope}}, c.mark());
  ConfigReader parameters(&config, c.mark(), c.subject(), c.report());
  return applying(make_activation("leaky_relu", parameters));
}

LayerBody softmax_layer(LayerConfig& c) {
  const json::Value* axis = c.find("axis");
  if (!axis || !axis->is_array()) return applying(make_activation("softmax", c));
  if (axis->items.size() != 1) {
    c.error("axis", "one axis: softmax over several is not supported yet");
    return applying({});
  }
  const json::Value config = json::object_value({{"axis", axis->mark, axis->items[0]}}, c.mark());
  ConfigReader parameters(&config, c.mark(), c.subject(), c.report());
  return applying(make_activation("softmax", parameters));
}

}  // namespace kcc
