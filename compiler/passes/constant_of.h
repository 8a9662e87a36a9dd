// What passes know of values that are one constant everywhere.
#pragma once

#include <optional>

#include "compiler/ir/graph.h"

namespace kcc {

// The value of a constant, spread over a shape or not.
std::optional<double> constant_of(const Graph& graph, ValueId value);

}  // namespace kcc
