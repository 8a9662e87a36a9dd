// ModelLayers: the layers of one model, read, and the walk over their calls. A model is itself a layer: model_body
// makes it one, so that models nest in models and in wrappers to any depth, and are shared like any layer. ModelSpec ->
// ModelLayers -> LayerBody; bind_layers does it for the outermost model.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frontend/layer.h"
#include "frontend/layer_order.h"

namespace kcc {

struct ModelLayers {
  const ModelSpec& spec;
  Report report;
  LayerOrder order;
  std::map<std::string, size_t> index;            // of layers by name
  std::vector<LayerBody> layers;                  // parallel to spec.layers
  std::map<CallId, Shapes> shapes;                // of what each call gives, by the last inference
  std::map<CallId, std::vector<DType>> dtypes;    // likewise, by the last call_model
  std::map<size_t, Shapes> first_inputs;          // of the layers with weights: the shapes of their first call
  std::map<size_t, std::vector<Weight>> weights;  // of each layer, once shapes are known; within the layer

  CallId id_of(const TensorSpec& tensor) const { return {index.at(tensor.layer), static_cast<size_t>(tensor.call)}; }
  const LayerSpec& spec_of(const CallId& id) const { return spec.layers[id.layer]; }
  const CallSpec& call_of(const CallId& id) const { return spec_of(id).calls[id.call]; }
};

// Reads every layer. Empty after reporting. `spec` must outlive the result.
std::shared_ptr<ModelLayers> read_model_layers(const ModelSpec& spec, const Report& report,
                                               const Environment& environment);

// Shapes of the outputs for those of the inputs; empty after reporting what does not fit.
std::optional<Shapes> infer_model(ModelLayers& model, const Shapes& inputs);
// In Keras's order; names begin with the layers', files with "layers/GROUP". After infer_model.
std::vector<Weight> weights_of(ModelLayers& model);
Tensors call_model(ModelLayers& model, CallScope& scope, const Tensors& inputs);

// The model as a layer.
LayerBody model_body(std::shared_ptr<ModelLayers> model);

}  // namespace kcc
