// Constraints: what a weight is made to satisfy after each step of the optimizer.
#pragma once

#include <functional>
#include <string>

#include "compiler/ops/builder.h"
#include "frontend/config_reader.h"

namespace kcc {

// Null: none.
using Constraint = std::function<ValueId(Builder&, ValueId weight)>;

// An option such as "kernel_constraint": a name or a configuration.
Constraint read_constraint(ConfigReader& config, const std::string& key);

}  // namespace kcc
