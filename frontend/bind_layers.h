// Binds the outermost model: settles the shapes of its inputs, infers all others, declares its weights as states, and
// fills in the module's table of layers. ModelSpec -> BoundModel, from which build_graph makes graphs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/module.h"
#include "frontend/frontend.h"
#include "frontend/model_layers.h"

namespace kcc {

struct BoundWeight {
  StateId state = -1;
  bool trained = true;  // by gradient: neither a statistic nor frozen
  Penalty penalty;
  Constraint constraint;
};

struct BoundModel {
  const ModelSpec& spec;
  std::shared_ptr<ModelLayers> layers;
  Shapes inputs;                           // parallel to spec.inputs
  std::vector<DType> input_dtypes;         // likewise
  std::vector<BoundWeight> weights;        // in Keras's order
  std::map<std::string, StateId> states;   // of weights, by name: "encoder/dense_1/kernel"
  std::map<std::string, int32_t> origins;  // of layers, by path: "encoder/dense_1"
};

// Empty after reporting what does not fit. Adds states, origins and layer rows to the module.
std::optional<BoundModel> bind_layers(const ModelSpec& spec, const FrontendOptions& options, const Report& report,
                                      Module& module);

// The origin of a layer's nodes; added to the module where it is the first to be asked for.
int32_t origin_of(BoundModel& model, Module& module, const std::string& layer, const std::string& class_name);

}  // namespace kcc
