// Expands a bound model into operations. BoundModel -> Graph, once for each mode.
#pragma once

#include <vector>

#include "frontend/bind_layers.h"
#include "frontend/graph_context.h"

namespace kcc {

// Appends the model's inputs and layers to the context's graph; gives the outputs in the model's order.
std::vector<ValueId> build_forward(const BoundModel& model, GraphContext& context, bool training);

// The module's inputs, outputs and predict graph.
void build_predict(const BoundModel& model, Module& module);

}  // namespace kcc
