#include "frontend/bind_layers.h"

#include <fmt/format.h>

#include "frontend/input_shapes.h"

namespace kcc {
namespace {

bool is_listed(const ModelLayers& model, size_t layer) {
  return !(model.spec.is_sequential && model.layers[layer].max_inputs == 0);
}

// The batch that an input layer fixes, 0 where it is open.
int64_t fixed_batch(const ModelLayers& model) {
  for (const TensorSpec& input : model.spec.inputs) {
    const auto& declared = model.layers[model.index.at(input.layer)].input;
    if (declared && declared->front() > 0) return declared->front();
  }
  return 0;
}

// ---- weights

// One row a sample of the batch, which must be known.
void bind_memory(const std::string& name, State& state, const Module& module, const Report& report) {
  if (module.fixed_batch == 0)
    report.error({}, fmt::format("'{}' of a stateful layer needs to know the batch", name),
                 "give the input layer a batch_shape, as in Input(batch_shape=(32, 10, 8))");
  state.role = StateRole::kMemory;
  state.type.shape.insert(state.type.shape.begin(), Dim{module.fixed_batch, false});
}

bool declare_weights(BoundModel& model, const Report& report, Module& module) {
  bool good = true;
  for (const Weight& weight : weights_of(*model.layers)) {
    if (weight.penalty.orthogonal != 0 && weight.shape.size() != 2) {
      model.layers->report.inside(weight.layer)
          .error(model.spec.mark, fmt::format("OrthogonalRegularizer suits matrices, not '{}' of rank {}", weight.name,
                                              weight.shape.size()));
      return false;
    }
    const auto initializer = weight.initializer(weight.shape);
    good &= initializer.has_value();
    if (!initializer) continue;
    State state;
    state.name = weight.name;
    state.file_path = weight.file;
    state.role = weight.trained ? StateRole::kWeight : StateRole::kStatistic;
    state.type = {weight.dtype, fixed_shape(weight.shape)};
    if (weight.memory) bind_memory(weight.name, state, module, report);
    state.initializer = *initializer;
    state.origin = origin_of(model, module, weight.layer, weight.layer_class);
    const StateId id = static_cast<StateId>(module.states.size());
    model.weights.push_back({id, weight.trained, weight.penalty, weight.constraint});
    model.states[weight.name] = id;
    const int64_t count = weight.memory ? 0 : element_count(state.type.shape).size;
    (weight.trained ? module.trainable_parameters : module.other_parameters) += count;
    module.states.push_back(std::move(state));
  }
  return good && !report.diagnostics.has_errors();
}

// ---- the summary's rows

std::string batch_shape(const Shape& shape, int64_t fixed_batch) {
  std::string text = keras_shape(shape);
  if (shape.size() == 1) text = "(None)";  // the summary leaves Python's comma out
  if (fixed_batch > 0 && !shape.empty() && shape[0].batched && shape[0].size == 1)
    text.replace(1, 4, fmt::format("{}", fixed_batch));
  return text;
}

// "(None, 5)", or of several outputs "[(None, 5), (None, 3)]".
std::string shapes_text(const Shapes& shapes, int64_t fixed_batch) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "" : ", ") + batch_shape(shape, fixed_batch);
  return shapes.size() == 1 ? text : "[" + text + "]";
}

LayerRow row_of(const ModelLayers& model, size_t layer, int64_t fixed_batch) {
  const LayerSpec& spec = model.spec.layers[layer];
  LayerRow row{spec.name, model.layers[layer].class_name, "", 0, {}};
  if (const auto weights = model.weights.find(layer); weights != model.weights.end())
    for (const Weight& weight : weights->second)
      if (!weight.memory) row.parameters += element_count(fixed_shape(weight.shape)).size;
  for (size_t k = 0; k < spec.calls.size(); ++k) {
    const auto shapes = model.shapes.find({layer, k});
    if (shapes == model.shapes.end()) continue;
    row.output_shape = shapes_text(shapes->second, fixed_batch);
    if (model.spec.is_sequential) continue;
    for (const TensorSpec& input : spec.calls[k].inputs)
      row.connected_to.push_back(fmt::format("{}[{}][{}]", input.layer, input.call, input.output));
    for (const auto& [name, tensors] : spec.calls[k].by_name)
      for (const TensorSpec& input : tensors)
        row.connected_to.push_back(fmt::format("{}[{}][{}]", input.layer, input.call, input.output));
  }
  return row;
}

}  // namespace

int32_t origin_of(BoundModel& model, Module& module, const std::string& layer, const std::string& class_name) {
  const auto [at, is_new] = model.origins.emplace(layer, static_cast<int32_t>(module.origins.size()));
  if (is_new) module.origins.push_back({layer, class_name});
  return at->second;
}

std::optional<BoundModel> bind_layers(const ModelSpec& spec, const FrontendOptions& options, const Report& report,
                                      Module& module) {
  BoundModel model{spec, read_model_layers(spec, report, options.environment), {}, {}, {}, {}, {}};
  if (!model.layers) return std::nullopt;
  module.is_sequential = model.layers->order.is_chain;
  module.fixed_batch = fixed_batch(*model.layers);
  for (size_t i : model.layers->order.layers)
    origin_of(model, module, spec.layers[i].name, model.layers->layers[i].class_name);
  const auto inputs = input_shapes(*model.layers, options, report);
  if (!inputs || !infer_model(*model.layers, *inputs)) return std::nullopt;
  model.inputs = *inputs;
  for (const TensorSpec& input : spec.inputs)
    model.input_dtypes.push_back(model.layers->layers[model.layers->index.at(input.layer)].input_dtype);
  if (!declare_weights(model, report, module)) return std::nullopt;
  for (size_t i : model.layers->order.layers)
    if (is_listed(*model.layers, i)) module.layers.push_back(row_of(*model.layers, i, module.fixed_batch));
  return model;
}

}  // namespace kcc
