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

// An option such as "activation": a name, or {"class_name": name, "config": {parameters}}. Null: linear; absent:
// `fallback`, the name of one without parameters, or linear.
Activation read_activation(ConfigReader& config, const std::string& key, const std::string& fallback = "");
// The activation of that name, with the parameters that the reader holds.
Activation make_activation(const std::string& name, ConfigReader& parameters);
// Sorted, without aliases.
std::vector<std::string> activation_names();
// (alias, name)
std::vector<std::pair<std::string, std::string>> activation_aliases();

}  // namespace kcc
