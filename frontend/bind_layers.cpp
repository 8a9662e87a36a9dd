#include "frontend/bind_layers.h"

#include <fmt/format.h>

#include "frontend/names.h"
#include "frontend/registry.h"

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

std::vector<int64_t> extents_of(const Shape& shape) {
  std::vector<int64_t> extents;
  for (const Dim& dim : shape) extents.push_back(dim.size);
  return extents;
}

// "float32", or a policy object of that name: all that is supported yet.
void check_dtype(ConfigReader& config) {
  const json::Value* dtype = config.find("dtype");
  if (!dtype) return;
  std::string name = dtype->text;
  if (const auto policy = named_object(*dtype); policy && policy->config)
    if (const json::Value* policy_name = policy->config->find("name")) name = policy_name->text;
  if (name != "float32")
    config.report().error(dtype->mark, fmt::format("dtype '{}' is not supported yet, expected 'float32'", name));
}

class Binder {
 public:
  Binder(const ModelSpec& spec, LayerOrder order, const FrontendOptions& options, const Report& report, Module& module)
      : model_{spec, std::move(order), {}, std::vector<BoundLayer>(spec.layers.size())},
        options_(options),
        report_(report),
        module_(module) {
    for (size_t i = 0; i < spec.layers.size(); ++i) model_.index[spec.layers[i].name] = i;
  }

  std::optional<BoundModel> run() {
    for (size_t i : model_.order.layers) read(i);
    check_input_options();
    if (report_.diagnostics.has_errors()) return std::nullopt;
    for (const CallId& id : model_.order.calls) infer(id);
    if (report_.diagnostics.has_errors()) return std::nullopt;
    for (size_t i : model_.order.layers) declare(i);
    if (report_.diagnostics.has_errors()) return std::nullopt;
    return std::move(model_);
  }

 private:
  Report inside(size_t i) const { return report_.inside(model_.spec.layers[i].name); }

  void read(size_t i) {
    const LayerSpec& spec = model_.spec.layers[i];
    BoundLayer& layer = model_.layers[i];
    layer.spec = &spec;
    layer.outputs.resize(spec.calls.size());
    layer.origin = static_cast<int32_t>(module_.origins.size());
    module_.origins.push_back({spec.name, spec.class_name});
    const Report report = inside(i);
    if (spec.model)
      return report.error(spec.mark, fmt::format("the layer is a {} model: models inside models are not supported yet",
                                                 spec.class_name));
    const LayerRecipe* recipe = find_layer(spec.class_name);
    if (!recipe)
      return report.error(spec.mark, fmt::format("unknown layer class '{}'", spec.class_name),
                          did_you_mean(spec.class_name, layer_names()));
    module_.origins.back().class_name = recipe->class_name;
    ConfigReader config(&spec.config, spec.mark, recipe->class_name, report);
    layer.trainable = config.boolean("trainable", true) && model_.spec.trainable;
    check_dtype(config);
    layer.body = recipe->read(config);
    config.refuse("activity_regularizer");
    config.ignore({"name", "autocast"});
    if (recipe->class_name != "InputLayer")
      config.ignore({"batch_input_shape", "batch_shape", "input_dim", "input_shape"});
    config.finish();
  }

  // ---- shapes

  void check_input_options() {
    for (const auto& [name, shape] : options_.input_shapes) {
      std::vector<std::string> names;
      bool found = name.empty() && model_.spec.inputs.size() == 1;
      for (const TensorSpec& input : model_.spec.inputs) {
        names.push_back(input.layer);
        found |= input.layer == name;
      }
      const Report option{"--input-shape", "", report_.diagnostics};
      if (!found && name.empty())
        option.error({}, fmt::format("the model has {} inputs, expected NAME=SHAPE", names.size()));
      else if (!found)
        option.error({}, fmt::format("there is no input '{}'", name), did_you_mean(name, names));
    }
  }

  const std::vector<int64_t>* option_shape(const std::string& input) const {
    auto at = options_.input_shapes.find(input);
    if (at == options_.input_shapes.end() && model_.spec.inputs.size() == 1) at = options_.input_shapes.find("");
    return at == options_.input_shapes.end() ? nullptr : &at->second;
  }

  // What the file says, with the open extents from the command line. Empty after reporting.
  std::optional<Shape> input_shape(size_t i) {
    const LayerSpec& spec = model_.spec.layers[i];
    const std::vector<int64_t>* given = option_shape(spec.name);
    std::vector<int64_t> extents;
    if (const auto& input = model_.layers[i].body.input)
      extents.assign(input->begin() + 1, input->end());
    else if (given)
      extents.assign(given->size(), -1);
    else
      return misfit(i, "the model does not say the shape of its input",
                    "give the first layer an \"input_shape\", or pass --input-shape");
    if (given && given->size() != extents.size())
      return misfit(i, fmt::format("--input-shape ({}) has {} extents, the model's input has {}",
                                   fmt::join(*given, ", "), given->size(), extents.size()));
    for (size_t k = 0; k < extents.size(); ++k) {
      const int64_t option = given ? (*given)[k] : -1;
      if (extents[k] != -1 && given && option != extents[k])
        return misfit(i, fmt::format("--input-shape ({}) contradicts the model's input shape, whose extent {} is {}",
                                     fmt::join(*given, ", "), k + 1, extents[k]));
      if (extents[k] == -1) extents[k] = option;
      if (extents[k] == -1)
        return misfit(i, fmt::format("extent {} of the input's shape is open, and only the batch may be", k + 1),
                      "fix it with --input-shape");
      if (extents[k] < 1)
        return misfit(i, fmt::format("--input-shape ({}) must have positive extents", fmt::join(*given, ", ")));
    }
    return batched_shape(extents);
  }

  std::nullopt_t misfit(size_t i, std::string message, std::string hint = "") const {
    inside(i).error(model_.spec.layers[i].mark, std::move(message), std::move(hint));
    return std::nullopt;
  }

  void infer(const CallId& id) {
    BoundLayer& layer = model_.layers[id.layer];
    const CallSpec& call = layer.spec->calls[id.call];
    std::optional<Shape> output;
    if (layer.body.max_inputs == 0) {
      output = input_shape(id.layer);
    } else {
      const auto inputs = input_shapes(call);
      if (!inputs) return;  // reported where it went wrong
      if (inputs->size() < layer.body.min_inputs || inputs->size() > layer.body.max_inputs)
        return inside(id.layer).error(
            call.mark, fmt::format("{} takes {} input{}, not {}", layer.spec->class_name, layer.body.min_inputs,
                                   layer.body.min_inputs == 1 ? "" : "s", inputs->size()));
      if (!same_as_before(id, *inputs)) return;
      output = layer.body.infer(*inputs);
    }
    if (!output) return;
    if (too_large(extents_of(*output)))
      return inside(id.layer).error(call.mark, fmt::format("the output {} has more than {} elements a sample",
                                                           keras_shape(*output), kMostElements));
    layer.outputs[id.call] = *output;
  }

  std::optional<Shapes> input_shapes(const CallSpec& call) const {
    Shapes shapes;
    for (const TensorSpec& input : call.inputs) {
      const Shape& shape = model_.shape(input);
      if (shape.empty()) return std::nullopt;
      shapes.push_back(shape);
    }
    return shapes;
  }

  // A shared layer has one set of weights: its calls must ask for the same.
  bool same_as_before(const CallId& id, const Shapes& inputs) {
    const LayerBody& body = model_.layers[id.layer].body;
    if (!body.weights) return true;
    const auto [first, is_new] = first_inputs_.emplace(id.layer, inputs);
    if (is_new) return true;
    const auto before = body.weights(first->second), now = body.weights(inputs);
    for (size_t i = 0; i < now.size(); ++i) {
      if (i < before.size() && before[i].shape == now[i].shape) continue;
      misfit(id.layer, fmt::format("the shared layer is called on {} and on {}, for which its '{}' would differ",
                                   keras_shape(first->second[0]), keras_shape(inputs[0]), now[i].name));
      return false;
    }
    return true;
  }

  // ---- weights and rows

  void declare(size_t i) {
    BoundLayer& layer = model_.layers[i];
    const bool listed = !(model_.spec.is_sequential && layer.body.max_inputs == 0);
    const std::string& class_name = module_.origins[static_cast<size_t>(layer.origin)].class_name;
    // Sequential.layers leaves its InputLayer out.
    const std::string group = listed ? groups_.next(to_snake_case(class_name)) : "";
    int64_t parameters = 0;
    if (layer.body.weights)
      for (const Weight& weight : layer.body.weights(first_inputs_.at(i))) parameters += add_weight(i, weight, group);
    if (listed) add_row(layer, class_name, parameters);
  }

  int64_t add_weight(size_t i, const Weight& weight, const std::string& group) {
    BoundLayer& layer = model_.layers[i];
    if (too_large(weight.shape)) {
      misfit(i, fmt::format("the weight '{}' ({}) has more than {} elements", weight.name,
                            fmt::join(weight.shape, ", "), kMostElements));
      return 0;
    }
    const auto initializer = weight.initializer(weight.shape);
    if (!initializer) return 0;
    const bool trained = weight.trained && layer.trainable;
    State state;
    state.name = layer.spec->name + "/" + weight.name;
    state.file_path = fmt::format("layers/{}/vars/{}", group, layer.weights.size());
    state.role = trained ? StateRole::kWeight : StateRole::kStatistic;
    state.type = {DType::kF32, fixed_shape(weight.shape)};
    state.initializer = *initializer;
    state.origin = layer.origin;
    layer.weights.push_back({weight.name, static_cast<StateId>(module_.states.size()), trained, weight.penalty});
    module_.states.push_back(std::move(state));
    const int64_t count = element_count(fixed_shape(weight.shape)).size;
    (trained ? module_.trainable_parameters : module_.other_parameters) += count;
    return count;
  }

  void add_row(const BoundLayer& layer, const std::string& class_name, int64_t parameters) {
    LayerRow row{layer.spec->name, class_name, "", parameters, {}};
    for (const Shape& shape : layer.outputs)
      if (!shape.empty()) row.output_shape = keras_shape(shape);
    for (size_t k = 0; k < layer.spec->calls.size() && !model_.spec.is_sequential; ++k)
      for (const TensorSpec& input : layer.spec->calls[k].inputs)
        if (!layer.outputs[k].empty())
          row.connected_to.push_back(fmt::format("{}[{}][{}]", input.layer, input.call, input.output));
    module_.layers.push_back(std::move(row));
  }

  BoundModel model_;
  const FrontendOptions& options_;
  const Report& report_;
  Module& module_;
  std::map<size_t, Shapes> first_inputs_;  // of the layers with weights: the shapes of their first call
  NameCounter groups_;
};

}  // namespace

std::optional<BoundModel> bind_layers(const ModelSpec& spec, const FrontendOptions& options, const Report& report,
                                      Module& module) {
  auto order = order_layers(spec, report);
  if (!order) return std::nullopt;
  module.is_sequential = order->is_chain;
  return Binder(spec, std::move(*order), options, report, module).run();
}

}  // namespace kcc
