// choose_layouts: in which order of dimensions each value lies in memory, so that little is transposed. A model whose
// images have their channels first is built of channels-last operations with transposes around each; this pass moves
// the transposes through all that works in any order (element-wise work, broadcasts, reductions, padding, slices,
// concatenations, random numbers) until they cancel or reach the model's edges.
//
// Every value gets a layout. An operation that works in any order takes the one that costs the fewest transposed
// elements around it; a transpose whose operand and users agree costs nothing and vanishes.
#pragma once

#include "compiler/ir/graph.h"

namespace kcc {

// Runs after decompose. The elements of a random tensor that changes its layout are dealt anew, for all its users.
Graph choose_layouts(const Graph& graph);

}  // namespace kcc
