// The order of a model's layers and calls, as Keras's own traversal gives it: weights files count layers in this
// order, and the summary lists them in it. ModelSpec -> LayerOrder.
#pragma once

#include <optional>
#include <vector>

#include "frontend/model_spec.h"
#include "frontend/report.h"

namespace kcc {

struct CallId {
  size_t layer = 0;  // index into ModelSpec::layers
  size_t call = 0;

  auto operator<=>(const CallId&) const = default;
};

struct LayerOrder {
  std::vector<CallId> calls;   // every call after the calls it takes tensors from
  std::vector<size_t> layers;  // Keras's order; layers that no output needs are left out
  bool is_chain = false;       // nothing branches: the summary needs no column of connections
};

// Empty after reporting references that lead nowhere, or a cycle.
std::optional<LayerOrder> order_layers(const ModelSpec& model, const Report& report);

}  // namespace kcc
