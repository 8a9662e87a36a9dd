// hoist: what every step of a loop would do alike is done once before it: weights that a product takes transposed are
// transposed beforehand, because short products spend as long on turning them as on multiplying, and those that do not
// fit the first cache are packed into panels (ops/panels.h).
#pragma once

#include "compiler/ir/graph.h"

namespace kcc {

Graph hoist(const Graph& graph);

}  // namespace kcc
