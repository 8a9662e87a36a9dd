#include "frontend/model_layers.h"

#include <fmt/format.h>

#include "compiler/support/check.h"
#include "frontend/names.h"
#include "frontend/read_layer.h"

namespace kcc {
namespace {

// A tensor's bytes must stay below 2^31: kernels index with 32 bits.
constexpr int64_t kMostElements = (int64_t{1} << 29) - 1;

bool too_large(const std::vector<int64_t>& extents) {
  int64_t count = 1;
  for (int64_t extent : extents)
    if (__builtin_mul_overflow(count, extent, &count) || count > kMostElements) return true;
  return false;
}

bool too_large(const Shape& shape) {
  std::vector<int64_t> extents;
  for (const Dim& dim : shape) extents.push_back(dim.size);
  return too_large(extents);
}

std::string list_of(const Shapes& shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "" : ", ") + keras_shape(shape);
  return text;
}

// The tensors that a call takes: those by position, then an RNN's initial state.
std::vector<TensorSpec> operands_of(const CallSpec& call) {
  std::vector<TensorSpec> operands = call.inputs;
  const auto states = call.by_name.find("initial_state");
  if (states != call.by_name.end()) operands.insert(operands.end(), states->second.begin(), states->second.end());
  return operands;
}

// ---- shapes

class Inference {
 public:
  Inference(ModelLayers& model) : model_(model) {}

  std::optional<Shapes> run(const Shapes& inputs) {
    if (!enter(inputs)) return std::nullopt;
    for (const CallId& id : model_.order.calls)
      if (model_.layers[id.layer].max_inputs > 0 && !infer(id)) return std::nullopt;
    Shapes outputs;
    for (const TensorSpec& output : model_.spec.outputs) {
      const auto shape = shape_of(output, model_.report);
      if (!shape) return std::nullopt;
      outputs.push_back(*shape);
    }
    return outputs;
  }

 private:
  Report inside(const CallId& id) const { return model_.report.inside(model_.spec_of(id).name); }

  std::nullopt_t misfit(const CallId& id, std::string message) const {
    inside(id).error(model_.call_of(id).mark, std::move(message));
    return std::nullopt;
  }

  // Gives the inputs their shapes, which must be what the input layers say.
  bool enter(const Shapes& inputs) {
    if (inputs.size() != model_.spec.inputs.size()) {
      model_.report.error(model_.spec.mark,
                          fmt::format("the model takes {} inputs, not {}", model_.spec.inputs.size(), inputs.size()));
      return false;
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      const CallId id = model_.id_of(model_.spec.inputs[i]);
      const auto& declared = model_.layers[id.layer].input;
      bool fits = !declared || declared->size() == inputs[i].size();
      for (size_t k = 1; declared && fits && k < declared->size(); ++k)
        fits = (*declared)[k] == -1 || (*declared)[k] == inputs[i][k].size;
      if (!fits) {
        misfit(id, fmt::format("the model is called on {}, which does not fit its input", keras_shape(inputs[i])));
        return false;
      }
      if (too_large(inputs[i])) {
        misfit(id,
               fmt::format("the input {} has more than {} elements a sample", keras_shape(inputs[i]), kMostElements));
        return false;
      }
      model_.shapes[id] = {inputs[i]};
    }
    return true;
  }

  std::optional<Shape> shape_of(const TensorSpec& tensor, const Report& report) const {
    const Shapes& shapes = model_.shapes.at(model_.id_of(tensor));
    if (tensor.output >= 0 && static_cast<size_t>(tensor.output) < shapes.size())
      return shapes[static_cast<size_t>(tensor.output)];
    report.error(tensor.mark, fmt::format("there is no output {} of layer '{}', which has {}", tensor.output,
                                          tensor.layer, shapes.size()));
    return std::nullopt;
  }

  bool infer(const CallId& id) {
    const LayerBody& layer = model_.layers[id.layer];
    Shapes inputs;
    for (const TensorSpec& operand : operands_of(model_.call_of(id))) {
      const auto shape = shape_of(operand, inside(id));
      if (!shape) return false;
      inputs.push_back(*shape);
    }
    if (inputs.size() < layer.min_inputs || inputs.size() > layer.max_inputs) {
      misfit(id, fmt::format("{} takes {} input{}, not {}", layer.class_name, layer.min_inputs,
                             layer.min_inputs == 1 ? "" : "s", inputs.size()));
      return false;
    }
    const auto outputs = layer.infer_all(inputs);
    if (!outputs) return false;
    for (const Shape& output : *outputs)
      if (too_large(output)) {
        misfit(id, fmt::format("the output {} has more than {} elements a sample", keras_shape(output), kMostElements));
        return false;
      }
    model_.shapes[id] = *outputs;
    return keep_weights(id, inputs);
  }

  // A shared layer has one set of weights: its calls must ask for the same.
  bool keep_weights(const CallId& id, const Shapes& inputs) {
    const LayerBody& layer = model_.layers[id.layer];
    if (!layer.weights) return true;
    const std::vector<Weight> now = layer.weights(inputs);
    for (const Weight& weight : now)
      if (too_large(weight.shape)) {
        misfit(id, fmt::format("the weight '{}' ({}) has more than {} elements", weight.name,
                               fmt::join(weight.shape, ", "), kMostElements));
        return false;
      }
    const auto [first, is_new] = model_.weights.emplace(id.layer, now);
    if (is_new) model_.first_inputs[id.layer] = inputs;
    for (size_t i = 0; i < now.size(); ++i) {
      if (i < first->second.size() && first->second[i].shape == now[i].shape) continue;
      misfit(id, fmt::format("the shared layer is called on {} and on {}, for which its '{}' would differ",
                             list_of(model_.first_inputs[id.layer]), list_of(inputs), now[i].name));
      return false;
    }
    return true;
  }

  ModelLayers& model_;
};

}  // namespace

std::shared_ptr<ModelLayers> read_model_layers(const ModelSpec& spec, const Report& report,
                                               const Environment& environment) {
  auto order = order_layers(spec, report);
  if (!order) return nullptr;
  auto model = std::make_shared<ModelLayers>(ModelLayers{spec, report, std::move(*order), {}, {}, {}, {}, {}, {}});
  for (size_t i = 0; i < spec.layers.size(); ++i) model->index[spec.layers[i].name] = i;
  model->layers.resize(spec.layers.size());
  bool good = true;
  for (size_t i : model->order.layers) {
    auto layer = read_layer(spec.layers[i], report.inside(spec.layers[i].name), environment);
    good &= layer.has_value();
    if (layer) model->layers[i] = std::move(*layer);
  }
  return good ? model : nullptr;
}

std::optional<Shapes> infer_model(ModelLayers& model, const Shapes& inputs) {
  return Inference(model).run(inputs);
}

std::vector<Weight> weights_of(ModelLayers& model) {
  NameCounter groups;
  std::vector<Weight> weights;
  for (size_t i : model.order.layers) {
    // Sequential.layers leaves its InputLayer out.
    if (model.spec.is_sequential && model.layers[i].max_inputs == 0) continue;
    const std::string& name = model.spec.layers[i].name;
    const std::string file = "layers/" + groups.next(to_snake_case(model.layers[i].class_name));
    for (Weight& weight : inside(name, file, model.weights[i])) {
      if (weight.layer.empty()) {
        weight.layer = name;
        weight.layer_class = model.layers[i].class_name;
      }
      weights.push_back(std::move(weight));
    }
  }
  return weights;
}

Tensors call_model(ModelLayers& model, CallScope& scope, const Tensors& inputs) {
  std::map<CallId, Tensors> values;
  const auto value_of = [&](const TensorSpec& tensor) {
    return values.at(model.id_of(tensor))[static_cast<size_t>(tensor.output)];
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    const CallId id = model.id_of(model.spec.inputs[i]);
    values[id] = {inputs[i]};
    model.dtypes[id] = {scope.b.type(inputs[i].value).dtype};
  }
  const int32_t origin = scope.b.origin;
  for (const CallId& id : model.order.calls) {
    const LayerBody& layer = model.layers[id.layer];
    if (layer.max_inputs == 0) continue;
    const CallSpec& call = model.call_of(id);
    Tensors operands;
    Shapes shapes;
    for (const TensorSpec& operand : operands_of(call)) {
      operands.push_back(value_of(operand));
      shapes.push_back(scope.b.shape(operands.back().value));
    }
    if (const auto mask = call.by_name.find("mask"); mask != call.by_name.end())
      for (size_t i = 0; i < mask->second.size() && i < operands.size(); ++i) {
        operands[i].mask = value_of(mask->second[i]).value;
        operands[i].mask_given = true;
      }
    const std::string& name = model.spec_of(id).name;
    scope.b.origin = scope.origin_of(name, layer.class_name);
    ChildScope inner(scope, name, layer.trainable);
    Tensors& outputs = values[id] = layer.call_all(inner, operands);
    std::vector<DType>& dtypes = model.dtypes[id] = {};
    for (const Tensor& output : outputs) dtypes.push_back(scope.b.type(output.value).dtype);
    const auto expected = layer.infer_all(shapes);
    KCC_CHECK(expected && expected->size() == outputs.size(), "a layer built other outputs than it inferred");
    for (size_t i = 0; i < outputs.size(); ++i)
      KCC_CHECK(scope.b.shape(outputs[i].value) == (*expected)[i], "a layer built another shape than it inferred");
  }
  scope.b.origin = origin;
  Tensors outputs;
  for (const TensorSpec& output : model.spec.outputs) outputs.push_back(value_of(output));
  return outputs;
}

LayerBody model_body(std::shared_ptr<ModelLayers> model) {
  LayerBody body;
  body.model = model;
  body.min_inputs = body.max_inputs = model->spec.inputs.size();
  body.takes_integers = true;
  if (body.max_inputs == 1) {
    const LayerBody& input = model->layers[model->index.at(model->spec.inputs[0].layer)];
    body.input = input.input;
    body.input_dtype = input.input_dtype;
  }
  body.infer_all = [model](const Shapes& inputs) { return infer_model(*model, inputs); };
  body.weights = [model](const Shapes& inputs) {
    infer_model(*model, inputs);
    return weights_of(*model);
  };
  body.call_all = [model](CallScope& scope, const Tensors& inputs) { return call_model(*model, scope, inputs); };
  return body;
}

}  // namespace kcc
