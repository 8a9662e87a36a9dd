// Operations of keras.ops that a functional model applies to tensors without a layer: `x + 1`, `ops.mean(x, axis=1)`,
// and what Keras itself records where a mask is made. Files list them between the layers; the reader marks them
// (LayerSpec::is_operation) and leaves their arguments in the config, under "args".
#pragma once

#include <string>
#include <vector>

#include "frontend/layer_config.h"

namespace kcc {

// Null if there is none of that name.
const LayerRecipe* find_operation(const std::string& class_name);
std::vector<std::string> operation_names();

}  // namespace kcc
