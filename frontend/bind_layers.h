// Binds each layer of a ModelSpec to its recipe: reads its options, infers all shapes, declares its weights as
// states, and fills in the module's table of layers. ModelSpec -> BoundModel, from which build_graph makes graphs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/module.h"
#include "frontend/frontend.h"
#include "frontend/layer.h"
#include "frontend/layer_order.h"

namespace kcc {

struct BoundWeight {
  std::string name;  // within its layer
  StateId state = -1;
  bool trained = true;  // by gradient: neither a statistic nor frozen
  Penalty penalty;
};

struct BoundLayer {
  const LayerSpec* spec = nullptr;
  LayerBody body;
  bool trainable = true;
  int32_t origin = -1;
  Shapes outputs;  // one a call
  std::vector<BoundWeight> weights;
};

struct BoundModel {
  const ModelSpec& spec;
  LayerOrder order;
  std::map<std::string, size_t> index;  // of layers by name
  std::vector<BoundLayer> layers;       // parallel to spec.layers

  const Shape& shape(const TensorSpec& tensor) const {
    return layers[index.at(tensor.layer)].outputs[static_cast<size_t>(tensor.call)];
  }
};

// Empty after reporting what does not fit. Adds states, origins and layer rows to the module.
std::optional<BoundModel> bind_layers(const ModelSpec& spec, const FrontendOptions& options, const Report& report,
                                      Module& module);

}  // namespace kcc
