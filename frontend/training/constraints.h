// Constraints: what a weight is made to satisfy after each step of the optimizer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/ops/builder.h"
#include "frontend/config_reader.h"

namespace kcc {

// Null: none.
using Constraint = std::function<ValueId(Builder&, ValueId weight)>;

// An option such as "kernel_constraint": a name or a configuration.
Constraint read_constraint(ConfigReader& config, const std::string& key);
// In snake case; Keras's class names are taken as well.
std::vector<std::string> constraint_names();

}  // namespace kcc
