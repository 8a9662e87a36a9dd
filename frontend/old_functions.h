// How Keras 1 and 2 wrote Lambda layers: a function's name, or Python bytecode, which is never decoded. The layer keeps
// what its recipe can look up: {"class_name": "function", "config": NAME} or {"class_name": "__lambda__"}.
#pragma once

#include "frontend/json.h"

namespace kcc {

// Other layers stay.
void upgrade_lambda(json::Value& layer);

}  // namespace kcc
