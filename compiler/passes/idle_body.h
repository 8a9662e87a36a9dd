// idle_body: what one step of a loop comes to where its mask holds for no sample: the body with that mask constantly
// false, simplified. Padded heads and tails of sequences then cost a copy of the carries instead of a step.
#pragma once

#include "compiler/ir/scan.h"

namespace kcc {

// Zero times anything counts as zero here: what a masked step would have computed does not matter, even if infinite.
Graph idle_body(const Node& scan);

// Which stacked outputs of the scan must be written in idle steps. Those that only loops over the same mask read, and
// these not in their own idle steps, need not: their memory is never looked at.
std::vector<bool> stacked_when_idle(const Graph& graph, ValueId scan);

}  // namespace kcc
