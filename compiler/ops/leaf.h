// Leaves: what a graph is given.
#pragma once

#include <string>

#include "compiler/ops/builder.h"

namespace kcc {

// Appends an input to the graph's signature and a node that reads it.
ValueId input(Builder& b, const std::string& name, const Type& type);
// Reads a state; make one node a state and graph, so that its gradient is one value.
ValueId state(Builder& b, StateId id, const Type& type);

}  // namespace kcc
