#include "frontend/saved_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/model_json.h"

namespace kcc {
namespace {

using json::Value;

// [layer, call, output], as config.output_layers has it.
Value reference(const TensorSpec& tensor, int64_t first_call) {
  return json::array_value({json::string_value(tensor.layer), json::integer_value(tensor.call + first_call),
                            json::integer_value(tensor.output)});
}

// A call's argument. Keras replaces it by the tensor itself, so that neither shape nor type matter.
Value argument(const TensorSpec& tensor) {
  Value config = json::object_value({});
  config.set("shape", json::array_value({}));
  config.set("dtype", json::string_value("float32"));
  config.set("keras_history", reference(tensor, 0));
  Value object = json::object_value({});
  object.set("class_name", json::string_value("__keras_tensor__"));
  object.set("config", std::move(config));
  return object;
}

Value arguments(const std::vector<TensorSpec>& tensors) {
  if (tensors.size() == 1) return argument(tensors[0]);
  std::vector<Value> items;
  for (const TensorSpec& tensor : tensors) items.push_back(argument(tensor));
  return json::array_value(std::move(items));
}

Value inbound_nodes(const LayerSpec& layer) {
  std::vector<Value> nodes;
  for (const CallSpec& call : layer.calls) {
    if (call.inputs.empty()) continue;  // an InputLayer's
    Value by_name = json::object_value({});
    for (const auto& [name, tensors] : call.by_name) by_name.set(name, arguments(tensors));
    Value node = json::object_value({});
    node.set("args", json::array_value({arguments(call.inputs)}));
    node.set("kwargs", std::move(by_name));
    nodes.push_back(std::move(node));
  }
  return json::array_value(std::move(nodes));
}

bool has_value(const Value& value, const char* text) {
  return value.text == text ||
         std::any_of(value.items.begin(), value.items.end(), [&](const Value& v) { return has_value(v, text); }) ||
         std::any_of(value.members.begin(), value.members.end(),
                     [&](const json::Member& m) { return has_value(m.value, text); });
}

bool makes_masks(const ModelSpec& spec) {
  return std::any_of(spec.layers.begin(), spec.layers.end(), [](const LayerSpec& layer) {
    const Value* mask_zero = layer.config.find("mask_zero");
    return layer.class_name == "Masking" || (mask_zero && mask_zero->boolean) ||
           (layer.model && makes_masks(*layer.model));
  });
}

class Describer {
 public:
  Describer(const ModelSpec& spec, const Module& module)
      : module_(module), is_old_(spec.is_rewritten), has_masks_(makes_masks(spec)) {}

  // `input` is what the model's first layer takes, where it is known.
  Value model(Value object, const ModelSpec& spec, const Shape* input) {
    const bool sequential = spec.is_sequential;
    if (is_old_) object.take("module");
    if (!object.find("module")) {
      object.set("module", json::string_value(sequential ? "keras" : "keras.src.models.functional"));
      object.set("class_name", json::string_value(sequential ? "Sequential" : "Functional"));
      object.set("registered_name", sequential ? Value{} : json::string_value("Functional"));
    }
    Value& config = *object.find("config");
    if (config.is_array()) config = json::object_value({{"layers", {}, config}});
    if (!config.find("name")) config.set("name", json::string_value(spec.name));
    layers(config.find("layers")->items, spec);
    if (sequential)
      add_input(config.find("layers")->items, spec, input);
    else
      connect(config, spec);
    return object;
  }

  const std::string& refusal() const { return refusal_; }

 private:
  // A Sequential's reader puts an input layer before the file's.
  void layers(std::vector<Value>& items, const ModelSpec& spec) {
    const size_t added = spec.layers.size() - items.size();
    for (size_t i = 0; i < items.size(); ++i) {
      const LayerSpec& layer_spec = spec.layers[i + added];
      layer(items[i], layer_spec);
      if (spec.is_sequential) continue;
      items[i].set("name", json::string_value(layer_spec.name));
      const Value* nodes = items[i].find("inbound_nodes");
      const bool keep =
          !is_old_ && nodes && nodes->is_array() &&
          std::all_of(nodes->items.begin(), nodes->items.end(), [](const Value& n) { return n.is_object(); });
      if (!keep) items[i].set("inbound_nodes", inbound_nodes(layer_spec));
    }
  }

  void layer(Value& object, const LayerSpec& spec) {
    if (spec.model) {
      object = model(std::move(object), *spec.model, nullptr);
      return;
    }
    if (is_old_) object.take("module");
    name_module(object, "keras.layers");
    if (!object.find("config") || object.find("config")->is_null()) object.set("config", json::object_value({}));
    Value& config = *object.find("config");
    if (!config.find("name")) config.set("name", json::string_value(spec.name));
    for (const auto& [key, child] : spec.children)
      if (Value* inside = find_child(config, key)) layer(*inside, child);
    take_input_options(config, spec);
    if (!is_old_) return;
    // TensorFlow wrote [3].
    Value* axis = spec.class_name == "BatchNormalization" ? config.find("axis") : nullptr;
    if (axis && axis->items.size() == 1) *axis = Value(axis->items[0]);
    check_meaning(config, spec);
  }

  // "layer", "cells/1"
  static Value* find_child(Value& config, const std::string& key) {
    const size_t slash = key.find('/');
    Value* value = config.find(key.substr(0, slash));
    return !value || slash == std::string::npos ? value : &value->items[std::stoul(key.substr(slash + 1))];
  }

  // What an input layer says now. An Embedding's "input_dim" counts words.
  static void take_input_options(Value& config, const LayerSpec& spec) {
    if (spec.class_name == "InputLayer") return;
    for (const char* key : {"batch_shape", "batch_input_shape", "input_shape", "input_length", "input_dtype"})
      config.take(key);
    if (spec.class_name != "Embedding") config.take("input_dim");
  }

  // The spellings by which the readers of older versions keep a meaning that Keras 3 has no words for.
  void check_meaning(Value& config, const LayerSpec& spec) {
    const bool masks_states = config.take("mask_with_initial_state").has_value() && has_masks_ &&
                              std::any_of(spec.calls.begin(), spec.calls.end(), [](const CallSpec& call) {
                                return call.by_name.count("initial_state") != 0;
                              });
    const Value* function = config.find("function");
    const Value* lambda = function ? function->find("config") : nullptr;
    const Value* code = lambda ? lambda->find("code") : nullptr;
    if (masks_states) refuse(spec, "the mask of a recurrent layer with initial states, which Keras 3 drops");
    if (has_value(config, "keras2_hard_sigmoid")) refuse(spec, "'hard_sigmoid' as Keras 1 and 2 meant it");
    if (code && code->is_string() && code->text.empty()) refuse(spec, "a Lambda of an older version's bytecode");
  }

  void refuse(const LayerSpec& spec, const char* what) {
    if (refusal_.empty()) refusal_ = fmt::format("layer '{}' has {}", spec.name, what);
  }

  // ---- Sequential

  void add_input(std::vector<Value>& items, const ModelSpec& spec, const Shape* input) const {
    if (spec.layers.size() == items.size()) return;
    Value config = spec.layers[0].config;
    if (auto shape = config.take("input_shape")) {
      shape->items.insert(shape->items.begin(), Value{});
      config.set("batch_shape", std::move(*shape));
    }
    if (!config.find("batch_shape") && !input) return;
    if (!config.find("batch_shape")) config.set("batch_shape", batch_shape(*input));
    config.set("name", json::string_value(spec.layers[0].name));
    Value object = json::object_value({});
    object.set("class_name", json::string_value("InputLayer"));
    object.set("config", std::move(config));
    name_module(object, "keras.layers");
    items.insert(items.begin(), std::move(object));
  }

  Value batch_shape(const Shape& shape) const {
    std::vector<Value> extents;
    for (const Dim& dim : shape) extents.push_back(json::integer_value(dim.size));
    extents[0] = module_.fixed_batch > 0 ? json::integer_value(module_.fixed_batch) : Value{};
    return json::array_value(std::move(extents));
  }

  // ---- functional

  void connect(Value& config, const ModelSpec& spec) const {
    if (is_old_ || !config.find("input_layers")) config.set("input_layers", references(spec.inputs, spec));
    if (is_old_ || !config.find("output_layers")) config.set("output_layers", references(spec.outputs, spec));
  }

  // Keras 3 counts a functional model's own call among the outputs, and nowhere else.
  static Value references(const std::vector<TensorSpec>& tensors, const ModelSpec& spec) {
    std::vector<Value> items;
    for (const TensorSpec& tensor : tensors) {
      const bool own = std::any_of(spec.layers.begin(), spec.layers.end(), [&](const LayerSpec& layer) {
        return layer.name == tensor.layer && layer.model && !layer.model->is_sequential;
      });
      items.push_back(reference(tensor, own ? 1 : 0));
    }
    return items.size() == 1 ? items[0] : json::array_value(std::move(items));
  }

  const Module& module_;
  const bool is_old_, has_masks_;
  std::string refusal_;
};

}  // namespace

void name_module(json::Value& object, const char* module) {
  if (object.find("module")) return;
  object.set("module", json::string_value(module));
  object.set("registered_name", Value{});
}

void describe_model(const ModelSpec& spec, Module& module) {
  Value source = spec.source;
  for (const char* key : {"compile_config", "keras_version", "backend"}) source.take(key);
  Describer describer(spec, module);
  module.saved.model = json::to_json(describer.model(std::move(source), spec, &module.inputs[0].type.shape));
  module.saved.refusal = describer.refusal();
}

}  // namespace kcc
