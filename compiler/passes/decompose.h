// decompose: replaces composite operations (softmax, normalize, ...) by element-wise operations and reductions.
// Runs after differentiate, which knows better gradients for them than for their parts.
#pragma once

#include "compiler/ir/graph.h"

namespace kcc {

Graph decompose(const Graph& graph);

}  // namespace kcc
