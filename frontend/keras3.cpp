#include "frontend/keras3.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "frontend/custom_classes.h"
#include "frontend/model_json.h"
#include "frontend/names.h"
#include "frontend/tensor_references.h"

namespace kcc {
namespace {

using json::Kind;
using json::Mark;
using json::Value;

bool is_recurrent(const LayerSpec& layer) {
  static const std::set<std::string> kClasses = {"Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D",
                                                 "GRU",           "LSTM",       "RNN",        "SimpleRNN"};
  return kClasses.count(layer.class_name) != 0;
}

// Of keras.ops, which Keras calls by their own module.
bool is_operation(const Value& object) {
  const Value* module = object.find("module");
  return module && module->is_string() && module->text.starts_with("keras.src.ops.");
}

// ---- models

class Reader {
 public:
  explicit Reader(const Report& report) : report_(report) {}

  std::optional<ModelSpec> model(const Value& object) {
    const Value* class_name = object.find("class_name");
    if (!class_name || !class_name->is_string()) {
      report_.error(object.mark, "no 'class_name', expected the class of a model: 'Sequential' or 'Functional'");
      return std::nullopt;
    }
    if (!is_model_class(class_name->text)) {
      report_.error(
          class_name->mark,
          fmt::format("'{}' is no class of model that a file can describe, expected 'Sequential' or 'Functional'",
                      class_name->text),
          did_you_mean(class_name->text, {"Sequential", "Functional"}));
      return std::nullopt;
    }
    known_keys(object, "a model",
               {"module", "class_name", "config", "registered_name", "build_config", "compile_config", "keras_version",
                "backend", "name", "inbound_nodes"});
    const Value* config = object.find("config");
    if (!config || (!config->is_object() && !config->is_array())) {
      report_.error(config ? config->mark : object.mark, "no 'config', expected an object with the model's layers");
      return std::nullopt;
    }
    ModelSpec spec;
    spec.mark = object.mark;
    spec.is_sequential = class_name->text == "Sequential";
    spec.name = spec.is_sequential ? "sequential" : "functional";
    options(*config, spec);
    layers(*config, spec);
    if (spec.layers.empty()) return std::nullopt;
    if (spec.is_sequential) add_input(object, *config, spec);
    name_layers(spec);
    if (spec.is_sequential)
      chain(spec);
    else
      connect(*config, spec);
    if (const Value* compile = object.find("compile_config"); compile && !compile->is_null())
      arguments_of_compile(*compile, spec.compile);
    return spec;
  }

 private:
  void known_keys(const Value& object, const char* what, const std::vector<std::string>& known) {
    for (const json::Member& member : object.members)
      if (std::find(known.begin(), known.end(), member.key) == known.end())
        report_.error(member.mark, fmt::format("unknown key '{}' of {}", member.key, what),
                      did_you_mean(member.key, known));
  }

  void options(const Value& config, ModelSpec& spec) {
    std::vector<std::string> known = {"name", "trainable", "dtype", "layers"};
    if (spec.is_sequential)
      known.push_back("build_input_shape");
    else
      known.insert(known.end(), {"input_layers", "output_layers"});
    known_keys(config, "a model's config", known);
    if (const Value* name = config.find("name"); name && name->is_string()) spec.name = name->text;
    if (const Value* trainable = config.find("trainable"); trainable && trainable->kind == Kind::kBool)
      spec.trainable = trainable->boolean;
  }

  void layers(const Value& config, ModelSpec& spec) {
    // Keras 1 wrote a Sequential's config as the list alone.
    const Value* list = config.is_array() ? &config : config.find("layers");
    if (!list || !list->is_array() || list->items.empty())
      return report_.error(list ? list->mark : config.mark,
                           "a model without layers, expected a list in 'config.layers'");
    for (const Value& object : list->items) layer(object, spec);
  }

  void layer(const Value& object, ModelSpec& spec) {
    std::optional<LayerSpec> layer = layer_alone(object);
    if (!layer) return;
    if (const Value* nodes = object.find("inbound_nodes"); nodes && !spec.is_sequential) {
      const Report inside = report_.inside(layer->name);
      layer->calls = layer->is_operation ? read_operation_calls(*nodes, inside) : read_calls(*nodes, inside);
      if (layer->is_operation) take_arguments(*layer, *nodes);
    }
    if (is_recurrent(*layer)) name_initial_states(*layer);
    spec.layers.push_back(std::move(*layer));
  }

  // A layer without its calls; empty after reporting that it is none.
  std::optional<LayerSpec> layer_alone(const Value& object) {
    const Value* class_name = object.find("class_name");
    if (!class_name || !class_name->is_string()) {
      report_.error(object.mark, fmt::format("found {}, expected a layer with a 'class_name'", json::to_text(object)));
      return std::nullopt;
    }
    known_keys(object, "a layer",
               {"module", "class_name", "config", "registered_name", "build_config", "compile_config", "name",
                "inbound_nodes"});
    LayerSpec layer;
    layer.class_name = class_name->text;
    layer.mark = object.mark;
    layer.is_operation = is_operation(object);
    const Value* config = object.find("config");
    if (config && !config->is_object() && !config->is_null() && !is_model_class(layer.class_name)) {
      report_.error(config->mark,
                    fmt::format("the config of a layer is {}, expected an object", json::to_text(*config)));
      return std::nullopt;
    }
    layer.config = config && config->is_object() ? *config : json::object_value({}, object.mark);
    layer.name = layer_name(object, layer.config);
    const Report inside = report_.inside(layer.name);
    refuse_custom_classes(object, inside);
    if (is_model_class(layer.class_name)) {
      if (auto nested = Reader(report_).model(object)) layer.model = std::make_shared<ModelSpec>(std::move(*nested));
    } else {
      take_children(layer, inside);
    }
    return layer;
  }

  // Those of an operation's one call are its options.
  static void take_arguments(LayerSpec& operation, const Value& nodes) {
    if (nodes.items.size() != 1) return;
    for (const char* key : {"args", "kwargs"})
      if (const Value* value = nodes.items[0].find(key)) operation.config.set(key, *value);
  }

  std::string layer_name(const Value& object, const Value& config) {
    for (const Value* name : {object.find("name"), config.find("name")}) {
      if (!name || name->is_null()) continue;
      if (name->is_string() && !name->text.empty()) return name->text;
      report_.error(name->mark, "a layer's name must be a string");
      break;
    }
    return "";
  }

  // Layers inside a layer: what a wrapper wraps, the cells of a recurrent layer ("cells/0").
  void take_children(LayerSpec& layer, const Report& inside) {
    for (const char* key : {"layer", "forward_layer", "backward_layer", "cell"}) {
      const Value* value = layer.config.find(key);
      if (!value || !value->is_object()) continue;
      add_child(layer, key, *layer.config.take(key), inside);
    }
    if (const Value* cells = layer.config.find("cells"); cells && cells->is_array()) {
      const Value list = *layer.config.take("cells");
      for (size_t i = 0; i < list.items.size(); ++i)
        add_child(layer, fmt::format("cells/{}", i), list.items[i], inside);
    }
  }

  void add_child(LayerSpec& layer, const std::string& key, const Value& object, const Report& inside) {
    auto child = Reader(inside).layer_alone(object);
    if (!child) return;
    if (child->name.empty()) child->name = to_snake_case(child->class_name);
    layer.children.emplace(key, std::move(*child));
  }

  // lstm(x, h, c) and lstm([x, h, c]), as Keras 1 and 2 write it, are lstm(x, initial_state=[h, c]).
  static void name_initial_states(LayerSpec& layer) {
    for (CallSpec& call : layer.calls) {
      if (call.inputs.size() < 2) continue;
      call.by_name["initial_state"].assign(call.inputs.begin() + 1, call.inputs.end());
      call.inputs.resize(1);
    }
  }

  // Names what has none as Keras does: "dense", "dense_1"; a name that is taken is passed over.
  void name_layers(ModelSpec& spec) {
    std::set<std::string> taken;
    for (const LayerSpec& layer : spec.layers)
      if (!layer.name.empty() && !taken.insert(layer.name).second)
        report_.error(layer.mark, fmt::format("two layers are named '{}'", layer.name),
                      "names must be unique in a model");
    NameCounter counter;
    for (LayerSpec& layer : spec.layers) {
      if (!layer.name.empty()) continue;
      do layer.name = counter.next(to_snake_case(layer.class_name));
      while (!taken.insert(layer.name).second);
    }
  }

  // ---- Sequential

  // Where the first layer, the model or its build says the input's shape. Null if nowhere.
  Value input_config(const Value& object, const Value& config, const LayerSpec& first) {
    const auto with = [&](const char* key, const Value& value) {
      return json::object_value({{key, value.mark, value}}, value.mark);
    };
    for (const auto& [key, name] :
         {std::pair("batch_shape", "batch_shape"), std::pair("batch_input_shape", "batch_shape"),
          std::pair("input_shape", "input_shape")})
      if (const Value* value = first.config.find(key); value && !value->is_null()) return with(name, *value);
    if (const auto shape = old_input_shape(first)) return with("input_shape", *shape);
    if (first.model && first.model->inputs.size() == 1)
      for (const LayerSpec& layer : first.model->layers)
        if (layer.name == first.model->inputs[0].layer) return without_name(layer.config);
    const Value* build = object.find("build_config");
    const Value* shapes[] = {config.find("build_input_shape"), build ? build->find("input_shape") : nullptr};
    for (const Value* shape : shapes)
      if (shape && shape->is_array()) return with("batch_shape", *shape);
    return json::object_value({}, first.mark);
  }

  static Value without_name(Value config) {
    config.take("name");
    return config;
  }

  // From "input_dim" and "input_length", which Keras 3 itself reads in part. An Embedding's "input_dim" counts words.
  static std::optional<Value> old_input_shape(const LayerSpec& first) {
    const Value *width = first.config.find("input_dim"), *length = first.config.find("input_length");
    const bool has_length = length && !length->is_null();
    if (first.class_name == "Embedding") {
      if (!has_length) return std::nullopt;
      return length->is_array() ? *length : json::array_value({*length}, length->mark);
    }
    if (!width || width->is_null()) return std::nullopt;
    std::vector<Value> extents = {*width};
    if (has_length || is_recurrent(first) || first.class_name == "Conv1D")
      extents.insert(extents.begin(), has_length ? *length : Value{});
    return json::array_value(extents, width->mark);
  }

  void add_input(const Value& object, const Value& config, ModelSpec& spec) {
    if (spec.layers[0].class_name == "InputLayer") return;
    LayerSpec input;
    input.class_name = "InputLayer";
    input.config = input_config(object, config, spec.layers[0]);
    input.mark = input.config.mark;
    if (auto dtype = spec.layers[0].config.take("input_dtype")) input.config.set("dtype", *dtype);
    spec.layers[0].config.take("input_length");  // said with the shape
    spec.layers.insert(spec.layers.begin(), std::move(input));
  }

  void chain(ModelSpec& spec) {
    for (size_t i = 0; i < spec.layers.size(); ++i) {
      LayerSpec& layer = spec.layers[i];
      if (i > 0 && layer.class_name == "InputLayer")
        report_.inside(layer.name).error(layer.mark, "a Sequential model has one InputLayer, at its start");
      CallSpec call;
      call.mark = layer.mark;
      if (i > 0) call.inputs.push_back({spec.layers[i - 1].name, 0, 0, layer.mark});
      layer.calls = {std::move(call)};
    }
    spec.inputs = {{spec.layers.front().name, 0, 0, spec.layers.front().mark}};
    spec.outputs = {{spec.layers.back().name, 0, 0, spec.layers.back().mark}};
  }

  // ---- functional

  void connect(const Value& config, ModelSpec& spec) {
    for (LayerSpec& layer : spec.layers) {
      if (layer.class_name == "InputLayer")
        layer.calls = {CallSpec{{}, layer.mark, {}}};
      else if (layer.calls.empty())
        report_.inside(layer.name).error(layer.mark, "the layer is called on nothing, expected 'inbound_nodes'");
    }
    const Value *inputs = config.find("input_layers"), *outputs = config.find("output_layers");
    if (inputs && !inputs->is_null())
      spec.inputs = read_references(*inputs, report_);
    else
      for (const LayerSpec& layer : spec.layers)
        if (layer.class_name == "InputLayer") spec.inputs.push_back({layer.name, 0, 0, layer.mark});
    if (outputs && !outputs->is_null())
      spec.outputs = read_references(*outputs, report_);
    else
      spec.outputs = unused(spec);
    for (const LayerSpec& layer : spec.layers)
      if (layer.model) renumber_calls(layer, spec);
    if (spec.inputs.empty()) report_.error(config.mark, "the model has no inputs, expected an InputLayer");
    if (spec.outputs.empty()) report_.error(config.mark, "the model has no outputs");
  }

  // Every tensor that a call takes.
  template <typename Visit>
  static void for_each_argument(ModelSpec& spec, const Visit& visit) {
    for (LayerSpec& layer : spec.layers) {
      for (CallSpec& call : layer.calls) {
        for (TensorSpec& tensor : call.inputs) visit(tensor);
        for (auto& [name, tensors] : call.by_name)
          for (TensorSpec& tensor : tensors) visit(tensor);
      }
    }
  }

  // A functional model has a call of its own, from its making, which the file leaves out. Keras 2 counts it wherever it
  // refers to the model, Keras 3 among the outputs alone: the first call that is written is number 1. A Sequential may
  // have none. As every written call is used, the numbers tell.
  static void renumber_calls(const LayerSpec& nested, ModelSpec& spec) {
    const int64_t written = static_cast<int64_t>(nested.calls.size());
    bool arguments_count = false, outputs_count = false, outputs_begin_at_0 = false;
    for_each_argument(spec,
                      [&](const TensorSpec& t) { arguments_count |= t.layer == nested.name && t.call == written; });
    for (const TensorSpec& t : spec.outputs) {
      if (t.layer != nested.name) continue;
      outputs_count |= t.call == written;
      outputs_begin_at_0 |= t.call == 0;
    }
    outputs_count |= arguments_count || (nested.class_name == "Functional" && !outputs_begin_at_0);
    if (arguments_count) for_each_argument(spec, [&](TensorSpec& t) { t.call -= t.layer == nested.name; });
    if (!outputs_count) return;
    for (TensorSpec& t : spec.outputs) t.call -= t.layer == nested.name;
  }

  // What no layer takes.
  static std::vector<TensorSpec> unused(const ModelSpec& spec) {
    std::set<std::pair<std::string, int64_t>> used;
    for (const LayerSpec& layer : spec.layers)
      for (const CallSpec& call : layer.calls)
        for (const TensorSpec& input : call.inputs) used.insert({input.layer, input.call});
    for (const LayerSpec& layer : spec.layers)
      for (const CallSpec& call : layer.calls)
        for (const auto& [name, inputs] : call.by_name)
          for (const TensorSpec& input : inputs) used.insert({input.layer, input.call});
    std::vector<TensorSpec> tensors;
    for (const LayerSpec& layer : spec.layers)
      for (size_t i = 0; i < layer.calls.size(); ++i)
        if (!used.count({layer.name, static_cast<int64_t>(i)}))
          tensors.push_back({layer.name, static_cast<int64_t>(i), 0, layer.mark});
    return tensors;
  }

  // ---- compile

  void arguments_of_compile(const Value& object, CompileSpec& compile) {
    known_keys(object, "the compile configuration",
               {"optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly",
                "steps_per_execution", "jit_compile", "auto_scale_loss"});
    const auto take = [&](const char* key) {
      const Value* value = object.find(key);
      return value ? *value : Value{};
    };
    refuse_custom_classes(object, report_);
    compile = {take("optimizer"), take("loss"), take("loss_weights"), take("metrics"), take("weighted_metrics")};
  }

  const Report& report_;
};

}  // namespace

std::optional<ModelSpec> read_keras3(const json::Value& document, const Report& report) {
  return Reader(report).model(document);
}

}  // namespace kcc
