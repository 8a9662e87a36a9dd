// Sums of a gradient that ride on a weight gradient's kernel: a bias' gradient adds up all of what the gradient of a
// convolution's weights reads, but for its channels, and that kernel has it in cache. Used by fuse.
#pragma once

#include <vector>

#include "compiler/ir/graph.h"

namespace kcc {

// Whether `v` is such a sum of what the weight gradient `w` reads.
bool sums_gradient_of(const Graph& graph, ValueId v, ValueId w);

// All values, topological, a weight gradient before the sums that ride on it.
std::vector<ValueId> weight_gradients_first(const Graph& graph);

}  // namespace kcc
