// sample_order: whether a graph keeps the samples of a batch apart, so that processes may have some of them each: every
// value that grows with the batch is made sample by sample, and every other value adds up what the samples give, if it
// depends on them at all.
#pragma once

#include "compiler/ir/graph.h"

namespace kcc {

// Whether the node adds up over the batch: its value does not grow with it, but operands do.
bool adds_up_samples(const Graph& graph, const Node& node);

// The first node that needs the samples of a whole batch in one place; null: there is none.
const Node* find_mixed_samples(const Graph& graph);

}  // namespace kcc
