// narrow_scans: loops keep only what is used: results that nobody reads, carries that lead to none, operands that the
// body does not look at. What a step outputs twice, or as a carry already, is stacked once.
#pragma once

#include "compiler/ir/graph.h"

namespace kcc {

// Unused kResult nodes must be gone (eliminate_dead).
Graph narrow_scans(const Graph& graph);

}  // namespace kcc
