#include "frontend/keras3.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "frontend/names.h"

namespace kcc {
namespace {

using json::Kind;
using json::Mark;
using json::Value;

bool is_model_class(const std::string& name) {
  return name == "Sequential" || name == "Functional" || name == "Model";
}

// ---- references to tensors

class TensorReader {
 public:
  explicit TensorReader(const Report& report) : report_(report) {}

  // "name", ["name", call, output] or ["name", call, output, {keyword arguments}]
  std::optional<TensorSpec> reference(const Value& value) const {
    if (value.is_string()) return TensorSpec{value.text, 0, 0, value.mark};
    if (!is_reference(value)) return wrong(value, "a layer's name or [name, call, output]");
    TensorSpec tensor{value.items[0].text, 0, 0, value.mark};
    if (value.items.size() > 1) tensor.call = value.items[1].integer;
    if (value.items.size() > 2) tensor.output = value.items[2].integer;
    return tensor;
  }

  // A list of references, one alone, or an object of them by name.
  std::vector<TensorSpec> references(const Value& value) const {
    std::vector<TensorSpec> tensors;
    if (value.is_string() || is_reference(value)) {
      if (const auto tensor = reference(value)) tensors.push_back(*tensor);
      return tensors;
    }
    std::vector<const Value*> items;
    for (const Value& item : value.items) items.push_back(&item);
    std::vector<const json::Member*> members;
    for (const json::Member& member : value.members) members.push_back(&member);
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
    for (const json::Member* member : members) items.push_back(&member->value);
    for (const Value* item : items)
      if (const auto tensor = reference(*item)) tensors.push_back(*tensor);
    return tensors;
  }

  // The calls that "inbound_nodes" lists.
  std::vector<CallSpec> calls(const Value& nodes) const {
    if (!nodes.is_array()) {
      wrong(nodes, "a list of calls");
      return {};
    }
    const auto is_string = [](const Value& item) { return item.is_string(); };
    if (!nodes.items.empty() && std::all_of(nodes.items.begin(), nodes.items.end(), is_string)) return {call(nodes)};
    std::vector<CallSpec> calls;
    for (const Value& node : nodes.items) calls.push_back(call(node));
    return calls;
  }

 private:
  static bool is_reference(const Value& value) {
    const auto& items = value.items;
    if (!value.is_array() || items.empty() || items.size() > 4 || !items[0].is_string()) return false;
    for (size_t i = 1; i < items.size(); ++i)
      if (items[i].kind != (i < 3 ? Kind::kInteger : Kind::kObject)) return false;
    return items.size() != 4 || items[3].members.empty();
  }

  std::nullopt_t wrong(const Value& value, const std::string& expected) const {
    report_.error(value.mark, fmt::format("found {}, expected {}", json::to_text(value), expected));
    return std::nullopt;
  }

  CallSpec call(const Value& node) const {
    CallSpec call;
    call.mark = node.mark;
    if (!node.is_object()) {
      call.inputs = references(node);
      return call;
    }
    const Value* args = node.find("args");
    if (!args) report_.error(node.mark, "a call without 'args'");
    if (args) arguments(*args, call);
    const Value* kwargs = node.find("kwargs");
    for (const json::Member& member : kwargs ? kwargs->members : std::vector<json::Member>{}) keyword(member);
    return call;
  }

  void arguments(const Value& value, CallSpec& call) const {
    const Value* class_name = value.find("class_name");
    if (class_name && class_name->text == "__keras_tensor__") return tensor(value, call);
    if (!value.is_array()) {
      wrong(value, "a tensor as an argument of a layer's call");
      return;
    }
    for (const Value& item : value.items) arguments(item, call);
  }

  void tensor(const Value& value, CallSpec& call) const {
    const Value* config = value.find("config");
    const Value* history = config ? config->find("keras_history") : nullptr;
    if (!history) return report_.error(value.mark, "a tensor without 'keras_history'");
    if (const auto found = reference(*history)) call.inputs.push_back(*found);
  }

  // A call's own "training" says nothing: Keras 3 replaces it by the mode of fit, evaluate or predict.
  void keyword(const json::Member& member) const {
    if (member.value.is_null() || (member.key == "training" && member.value.kind == Kind::kBool)) return;
    report_.error(member.mark, fmt::format("the call's argument '{}' = {} is not supported yet", member.key,
                                           json::to_text(member.value)));
  }

  const Report& report_;
};

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
    const Value* class_name = object.find("class_name");
    if (!class_name || !class_name->is_string())
      return report_.error(object.mark,
                           fmt::format("found {}, expected a layer with a 'class_name'", json::to_text(object)));
    known_keys(object, "a layer",
               {"module", "class_name", "config", "registered_name", "build_config", "compile_config", "name",
                "inbound_nodes"});
    LayerSpec layer;
    layer.class_name = class_name->text;
    layer.mark = object.mark;
    const Value* config = object.find("config");
    if (config && !config->is_object() && !config->is_null() && !is_model_class(layer.class_name))
      return report_.error(config->mark,
                           fmt::format("the config of a layer is {}, expected an object", json::to_text(*config)));
    layer.config = config && config->is_object() ? *config : json::object_value({}, object.mark);
    for (const Value* name : {object.find("name"), layer.config.find("name")}) {
      if (!name || name->is_null()) continue;
      if (!name->is_string() || name->text.empty())
        report_.error(name->mark, "a layer's name must be a string");
      else
        layer.name = name->text;
      break;
    }
    if (is_model_class(layer.class_name))
      if (auto nested = Reader(report_).model(object)) layer.model = std::make_shared<ModelSpec>(std::move(*nested));
    if (const Value* nodes = object.find("inbound_nodes"); nodes && !spec.is_sequential)
      layer.calls = TensorReader(report_.inside(layer.name)).calls(*nodes);
    spec.layers.push_back(std::move(layer));
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
    for (const char* key : {"batch_shape", "batch_input_shape", "input_shape"})
      if (const Value* value = first.config.find(key); value && !value->is_null()) return with(key, *value);
    if (const Value* width = first.config.find("input_dim"); width && !width->is_null()) {
      Value shape;
      shape.kind = Kind::kArray;
      shape.mark = width->mark;
      shape.items.push_back(*width);
      return with("input_shape", shape);
    }
    const Value* build = object.find("build_config");
    const Value* shapes[] = {config.find("build_input_shape"), build ? build->find("input_shape") : nullptr};
    for (const Value* shape : shapes)
      if (shape && shape->is_array()) return with("batch_shape", *shape);
    return json::object_value({}, first.mark);
  }

  void add_input(const Value& object, const Value& config, ModelSpec& spec) {
    if (spec.layers[0].class_name == "InputLayer") return;
    LayerSpec input;
    input.class_name = "InputLayer";
    input.config = input_config(object, config, spec.layers[0]);
    input.mark = input.config.mark;
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
      layer.calls = {call};
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
      spec.inputs = TensorReader(report_).references(*inputs);
    else
      for (const LayerSpec& layer : spec.layers)
        if (layer.class_name == "InputLayer") spec.inputs.push_back({layer.name, 0, 0, layer.mark});
    if (outputs && !outputs->is_null())
      spec.outputs = TensorReader(report_).references(*outputs);
    else
      spec.outputs = unused(spec);
    if (spec.inputs.empty()) report_.error(config.mark, "the model has no inputs, expected an InputLayer");
    if (spec.outputs.empty()) report_.error(config.mark, "the model has no outputs");
  }

  // What no layer takes.
  static std::vector<TensorSpec> unused(const ModelSpec& spec) {
    std::set<std::pair<std::string, int64_t>> used;
    for (const LayerSpec& layer : spec.layers)
      for (const CallSpec& call : layer.calls)
        for (const TensorSpec& input : call.inputs) used.insert({input.layer, input.call});
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
    compile = {take("optimizer"), take("loss"), take("loss_weights"), take("metrics"), take("weighted_metrics")};
  }

  const Report& report_;
};

}  // namespace

std::optional<ModelSpec> read_keras3(const json::Value& document, const Report& report) {
  auto spec = Reader(report).model(document);
  if (!spec) return std::nullopt;
  const json::Value* version = document.find("keras_version");
  spec->keras_version = version && version->is_string() ? version->text : "3";
  return spec;
}

}  // namespace kcc
