// simplify: the same values with fewer operations: common subexpressions once, neutral elements, constants folded,
// movement composed or cancelled. Every rule is exact in floating point but for the sign of zero, and for sums of equal
// values (shrink_reductions.h).
#pragma once

#include "compiler/ir/graph.h"

namespace kcc {

Graph simplify(const Graph& graph);

}  // namespace kcc
