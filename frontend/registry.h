// The layers that kcc knows, by Keras's class names.
#pragma once

#include <string>
#include <vector>

#include "frontend/layer.h"

namespace kcc {

// Null if there is none. Keras's shorter aliases ("MaxPool2D") find the same recipe.
const LayerRecipe* find_layer(const std::string& class_name);
// Sorted, without aliases.
std::vector<std::string> layer_names();
// (alias, class name)
std::vector<std::pair<std::string, std::string>> layer_aliases();

}  // namespace kcc
