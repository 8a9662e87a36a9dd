// Which values of a graph are roots (see fuse.h).
#pragma once

#include <vector>

#include "compiler/ir/graph.h"

namespace kcc {

// Inputs and states exist already and are no roots; nor are reshapes, which are views of their operand.
std::vector<bool> find_roots(const Graph& graph);

// A leaf that lies in memory before the graph runs.
bool is_given(const Node& node);
// Opens a group of its own: a product, a pool, a reduction, a scatter, a loop or an exchange.
bool is_anchor(const Node& node);

}  // namespace kcc
