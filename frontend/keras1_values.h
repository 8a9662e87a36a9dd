// Keras 1's initializers, regularizers and constraints in later words. Part of keras1.
#pragma once

#include "frontend/json.h"
#include "frontend/report.h"

namespace kcc {

// Every option whose name ends in _initializer, _regularizer or _constraint.
void upgrade_keras1_values(json::Value& config, const Report& report);

}  // namespace kcc
