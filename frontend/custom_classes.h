// Custom classes: what a model file names but cannot describe. Part of keras3.
#pragma once

#include "frontend/json.h"
#include "frontend/report.h"

namespace kcc {

// Reports every object of a module that is not Keras's, everywhere but in the layers inside, which are checked one by
// one.
void refuse_custom_classes(const json::Value& value, const Report& report);

}  // namespace kcc
