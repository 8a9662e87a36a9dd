// The arguments of compile() as Keras 1 and 2 saved them ("training_config") in Keras 3's words ("compile_config").
#pragma once

#include "frontend/json.h"
#include "frontend/keras_version.h"

namespace kcc {

void upgrade_compile(json::Value& model, const KerasVersion& version);

}  // namespace kcc
