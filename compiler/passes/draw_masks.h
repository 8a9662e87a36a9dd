// draw_masks: random numbers that are only compared with constants become masks, drawn with 16 bits an element instead
// of 32. A mask depends on nothing but key and position, so it is drawn flat, whatever its shape, by a kernel of its
// own and kept, a byte an element, for whoever reads it: forward and backward pass apply it in their neighbours'
// kernels.
#pragma once

#include "compiler/ir/graph.h"

namespace kcc {

Graph draw_masks(const Graph& graph);

}  // namespace kcc
