// The optimizer's part of the train graph: gradients of the loss, and from them the update of every trained weight.
#pragma once

#include "frontend/graph_context.h"
#include "frontend/optimizer_states.h"

namespace kcc {

// loss: f32 scalar of the train graph, in which all else has been built. New nodes have the origin of what they
// differentiate, or `origin`.
void build_update(GraphContext& context, ValueId loss, const Optimizer& optimizer, const OptimizerStates& states,
                  int32_t origin);

}  // namespace kcc
