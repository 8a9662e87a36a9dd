// eliminate_dead: drops nodes that no output and no state write depends on. Inputs stay in the signature.
#pragma once

#include "compiler/ir/graph.h"

namespace kcc {

Graph eliminate_dead(const Graph& graph);

}  // namespace kcc
