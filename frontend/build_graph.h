// Expands a bound model into operations. BoundModel -> Graph, once for each mode.
#pragma once

#include <vector>

#include "frontend/bind_layers.h"
#include "frontend/graph_context.h"

namespace kcc {

// What the layers gave: the outputs in the model's order, and the scalars that they add to the loss.
struct Forward {
  Tensors outputs;
  std::vector<ValueId> losses;
};

// Appends the model's inputs and layers to the context's graph.
Forward build_forward(BoundModel& model, GraphContext& context, bool training);

// The module's inputs, outputs and predict graph.
void build_predict(BoundModel& model, Module& module);

}  // namespace kcc
