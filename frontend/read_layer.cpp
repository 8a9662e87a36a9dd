#include "frontend/read_layer.h"

#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/support/check.h"
#include "frontend/layer_config.h"
#include "frontend/layers/operations.h"
#include "frontend/model_layers.h"
#include "frontend/names.h"
#include "frontend/registry.h"

namespace kcc {
namespace {

// "float32", or a policy object of that name: all that is supported yet. Inputs, and layers that take integers, may
// name other types: what they do to the values is not said by it.
void check_dtype(ConfigReader& config, const LayerBody& body) {
  const json::Value* dtype = config.find("dtype");
  config.note_limit("dtype", "'float32' alone, and integers for layers that take them");
  if (!dtype || body.max_inputs == 0) return;
  std::string name = dtype->text;
  if (const auto policy = named_object(*dtype); policy && policy->config)
    if (const json::Value* policy_name = policy->config->find("name")) name = policy_name->text;
  if (name == "float32" || (body.takes_integers && name.find("int") != std::string::npos)) return;
  config.report().error(dtype->mark, fmt::format("dtype '{}' is not supported yet, expected 'float32'", name));
}

ValueId as_float(Builder& b, ValueId x) {
  return b.type(x).dtype == DType::kF32 ? x : cast(b, x, DType::kF32);
}

// The full form of a recipe's simple one.
void complete(LayerBody& body) {
  if (!body.infer_all && body.infer)
    body.infer_all = [infer = body.infer](const Shapes& inputs) -> std::optional<Shapes> {
      auto shape = infer(inputs);
      if (!shape) return std::nullopt;
      return Shapes{*shape};
    };
  if (!body.call_all && body.call)
    body.call_all = [call = body.call, rule = body.masks](CallScope& scope, const Tensors& inputs) {
      std::vector<ValueId> values;
      for (const Tensor& input : inputs) values.push_back(input.value);
      const ValueId mask = rule == MaskRule::kPass && !inputs.empty() ? inputs[0].mask : -1;
      return Tensors{{call(scope, values), mask}};
    };
}

// What a call does around the layer's own part.
void surround(LayerBody& body, const Penalty& activity) {
  body.call_all = [own = std::move(body.call_all), activity, integers = body.takes_integers](CallScope& scope,
                                                                                             const Tensors& given) {
    Builder& b = scope.b;
    Tensors inputs = given;
    for (Tensor& input : inputs)
      if (!integers) input.value = as_float(b, input.value);
    Tensors outputs = own(scope, inputs);
    if (!activity.is_none())
      for (const Tensor& output : outputs) {
        ValueId loss = penalty_of(b, output.value, activity);
        // Keras divides by the first extent, so that the batch's size does not matter.
        scope.add_loss(div(b, loss, extent(b, {b.shape(output.value)[0]})));
      }
    return outputs;
  };
}

// Weights know their place in files; those of a frozen layer are not trained.
void number_weights(LayerBody& body) {
  if (!body.weights) return;
  body.weights = [own = std::move(body.weights), trainable = body.trainable || body.wraps](const Shapes& inputs) {
    std::vector<Weight> weights = own(inputs);
    for (size_t i = 0; i < weights.size(); ++i) {
      if (weights[i].file.empty() && !weights[i].memory) weights[i].file = fmt::format("vars/{}", i);
      weights[i].trained = weights[i].trained && trainable;
    }
    return weights;
  };
}

// Null after reporting.
const LayerRecipe* find_recipe(const LayerSpec& spec, const Report& report) {
  if (spec.is_operation) {
    if (const LayerRecipe* recipe = find_operation(spec.class_name)) return recipe;
    report.error(spec.mark, fmt::format("the operation '{}' of keras.ops is not supported yet", spec.class_name),
                 did_you_mean(spec.class_name, operation_names()));
    return nullptr;
  }
  const LayerRecipe* recipe = find_layer(spec.class_name);
  if (!recipe)
    report.error(spec.mark, fmt::format("unknown layer class '{}'", spec.class_name),
                 did_you_mean(spec.class_name, layer_names()));
  return recipe;
}

std::optional<LayerBody> read_nested_model(const LayerSpec& spec, const Report& report,
                                           const Environment& environment) {
  const auto model = read_model_layers(*spec.model, report, environment);
  if (!model) return std::nullopt;
  LayerBody body = model_body(model);
  body.class_name = spec.model->is_sequential ? "Sequential" : "Functional";
  body.trainable = spec.model->trainable;
  number_weights(body);
  return body;
}

}  // namespace

std::optional<LayerBody> read_layer(const LayerSpec& spec, const Report& report, const Environment& environment) {
  if (spec.model) return read_nested_model(spec, report, environment);
  const LayerRecipe* recipe = find_recipe(spec, report);
  if (!recipe) return std::nullopt;
  LayerConfig config(spec, recipe->class_name, report, environment);
  LayerBody body = recipe->read(config);
  body.class_name = recipe->class_name;
  body.trainable = config.boolean("trainable", true);
  if (!spec.is_operation) check_dtype(config, body);
  const Penalty activity = read_penalty(config, "activity_regularizer");
  if (activity.orthogonal != 0) config.error("activity_regularizer", "L1, L2 or L1L2: a batch has no fixed size");
  config.note_limit("activity_regularizer", "L1, L2 or L1L2 alone");
  config.ignore({"name", "autocast"});
  if (body.max_inputs > 0) config.ignore({"batch_input_shape", "batch_shape", "input_dim", "input_shape"});
  config.finish();
  if (report.diagnostics.has_errors()) return std::nullopt;
  if (body.max_inputs == 0) return body;
  complete(body);
  KCC_CHECK(body.infer_all && body.call_all, "a recipe without a body");
  surround(body, activity);
  number_weights(body);
  return body;
}

std::optional<LayerBody> LayerConfig::child(const std::string& key) {
  find(key);  // counts as read
  const auto at = spec_.children.find(key);
  if (at != spec_.children.end()) return read_layer(at->second, report(), environment());
  error(key, "a layer");
  return std::nullopt;
}

}  // namespace kcc
