// Activations: Keras's names and parameters -> operations, with Keras's gradients at kinks. They are options of
// layers ("activation") and what the activation layers apply.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "frontend/layer.h"

namespace kcc {

struct Activation {
  std::string name = "linear";
  std::function<ValueId(Builder&, ValueId)> apply;                // null: linear
  std::function<std::optional<Shape>(const Shape&)> infer_shape;  // null: keeps the shape

  std::optional<Shape> infer(const Shape& shape) const { return infer_shape ? infer_shape(shape) : shape; }
  ValueId operator()(Builder& b, ValueId x) const { return apply ? apply(b, x) : x; }
};

// An option such as "activation": a name, or {"class_name": name, "config": {parameters}}. Absent and null: linear.
Activation read_activation(ConfigReader& config, const std::string& key);
// The activation of that name, with the parameters that the reader holds.
Activation make_activation(const std::string& name, ConfigReader& parameters);

}  // namespace kcc
