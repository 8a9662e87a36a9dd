#include "frontend/old_merge.h"

#include <fmt/format.h>

#include <set>

#include "frontend/model_json.h"

namespace kcc {
namespace {

using json::Kind;
using json::Value;

struct Mode {
  const char* mode;
  const char* class_name;
};
constexpr Mode kModes[] = {
    {"ave", "Average"}, {"concat", "Concatenate"}, {"cos", "Dot"}, {"dot", "Dot"},
    {"max", "Maximum"}, {"mul", "Multiply"},       {"sum", "Add"},
};

Value member_or_null(const Value& object, const char* key) {
  const Value* value = object.find(key);
  return value ? *value : Value{};
}

// 1, [1, 1] or, in the oldest files, [[1], [1]].
Value flat_axes(Value axes) {
  for (Value& item : axes.items)
    if (item.is_array() && item.items.size() == 1) item = Value(item.items[0]);
  return axes;
}

Value common_options(const Value& config) {
  Value options = json::object_value({}, config.mark);
  for (const char* key : {"name", "trainable"})
    if (const Value* value = config.find(key)) options.set(key, *value);
  return options;
}

// The result of a function of the inputs is a Lambda's.
void become_lambda(Value& layer, const Value& config, const Value& mode) {
  Value options = common_options(config);
  options.set("function", mode);
  options.set("function_type", member_or_null(config, "mode_type"));
  for (const char* key : {"output_shape", "output_shape_type", "arguments"})
    if (const Value* value = config.find(key)) options.set(key, *value);
  layer.find("class_name")->text = "Lambda";
  *layer.find("config") = options;
}

// ---- branches

class Flattener {
 public:
  explicit Flattener(const Report& report) : report_(report) {}

  Value run(const Value& model) {
    const std::string last = sequential(model);
    Value config = common_options(*model.find("config"));
    config.set("layers", json::array_value(std::move(layers_), model.mark));
    config.set("input_layers", json::array_value(std::move(inputs_), model.mark));
    config.set("output_layers", json::array_value({reference(last, model.mark)}, model.mark));
    Value functional = model;
    *functional.find("class_name") = json::string_value("Functional", model.find("class_name")->mark);
    *functional.find("config") = std::move(config);
    return functional;
  }

 private:
  static Value reference(const std::string& name, json::Mark mark) {
    return json::array_value(
        {json::string_value(name, mark), json::integer_value(0, mark), json::integer_value(0, mark)}, mark);
  }

  // Adds the layers of a Sequential; gives the name of its last.
  std::string sequential(const Value& model) {
    const Value* config = model.find("config");
    const Value* list = config ? config->find("layers") : nullptr;
    if (!list || list->items.empty()) return "";
    std::string before = first(list->items[0]);
    for (size_t i = 1; i < list->items.size(); ++i) before = called(list->items[i], {before});
    return before;
  }

  std::string first(const Value& layer) {
    const Value* config = layer.find("config");
    const Value* branches = config ? config->find("layers") : nullptr;
    if (class_of(layer) == "Merge" && branches) return merge(layer, branches->items);
    return called(layer, {input_of(layer)});
  }

  std::string merge(const Value& layer, const std::vector<Value>& branches) {
    std::vector<std::string> outputs;
    for (const Value& branch : branches)
      outputs.push_back(class_of(branch) == "Sequential" ? sequential(branch) : first(branch));
    Value alone = layer;
    alone.find("config")->take("layers");
    return called(alone, outputs);
  }

  // A branch's input, named after its first layer, as Keras 1 names it.
  std::string input_of(const Value& layer) {
    const std::string name = name_of(layer) + "_input";
    Value config = json::object_value({}, layer.mark);
    const Value* options = layer.find("config");
    for (const char* key : {"batch_input_shape", "input_shape", "input_dtype"})
      if (const Value* value = options ? options->find(key) : nullptr) config.set(key, *value);
    config.rename("batch_input_shape", "batch_shape");
    config.rename("input_dtype", "dtype");
    if (!config.find("batch_shape") && !config.find("input_shape"))
      report_.inside(name_of(layer)).error(layer.mark, "the branch does not say the shape of its input");
    add(name, "InputLayer", config, json::array_value({}, layer.mark), layer.mark);
    inputs_.push_back(reference(name, layer.mark));
    return name;
  }

  static std::string name_of(const Value& layer) {
    const Value* config = layer.find("config");
    const Value* name = config ? config->find("name") : nullptr;
    return name ? name->text : "";
  }

  // A layer that several branches share is written in each of them, with one name.
  std::string called(const Value& layer, const std::vector<std::string>& on) {
    std::string name = name_of(layer);
    if (name.empty()) name = fmt::format("layer_{}", layers_.size());
    std::vector<Value> call;
    for (const std::string& input : on) {
      call.push_back(reference(input, layer.mark));
    }
    const Value node = json::array_value(std::move(call), layer.mark);
    if (names_.count(name)) {
      report_.inside(name).error(layer.mark, "a layer shared by merged branches is not supported yet");
      return name;
    }
    add(name, class_of(layer), member_or_null(layer, "config"), json::array_value({node}, layer.mark), layer.mark);
    return name;
  }

  void add(const std::string& name, const std::string& class_name, Value config, Value nodes, json::Mark mark) {
    names_.insert(name);
    Value layer = json::object_value({}, mark);
    layer.set("name", json::string_value(name, mark));
    layer.set("class_name", json::string_value(class_name, mark));
    layer.set("config", std::move(config));
    layer.set("inbound_nodes", std::move(nodes));
    layers_.push_back(std::move(layer));
  }

  const Report& report_;
  std::vector<Value> layers_, inputs_;
  std::set<std::string> names_;
};

bool starts_with_branches(const Value& model) {
  const Value* config = class_of(model) == "Sequential" ? model.find("config") : nullptr;
  const Value* layers = config ? config->find("layers") : nullptr;
  if (!layers || layers->items.empty() || class_of(layers->items[0]) != "Merge") return false;
  const Value* merge = layers->items[0].find("config");
  return merge && merge->find("layers");
}

}  // namespace

void upgrade_merge(Value& layer, const Report& report) {
  if (class_of(layer) != "Merge") return;
  const Value config = *layer.find("config");
  const Value mode = member_or_null(config, "mode");
  const Value* type = config.find("mode_type");
  if (type && type->text != "raw") return become_lambda(layer, config, mode);
  const std::string name = mode.is_null() ? "sum" : mode.text;
  const Mode* found = nullptr;
  for (const Mode& row : kModes)
    if (name == row.mode) found = &row;
  const Value* layer_name = config.find("name");
  if (!found)
    return report.inside(layer_name ? layer_name->text : "")
        .error(layer.mark, fmt::format("Merge has no mode {}", json::to_text(mode)),
               "expected 'sum', 'mul', 'concat', 'ave', 'cos', 'dot' or 'max'");
  Value options = common_options(config);
  const bool is_dot = std::string(found->class_name) == "Dot";
  if (const Value* axis = config.find("concat_axis"); axis && name == "concat") options.set("axis", *axis);
  // A cosine has the shape of a dot product, as Merge itself declares it.
  if (const Value* axes = config.find("dot_axes"); axes && is_dot) options.set("axes", flat_axes(*axes));
  if (name == "cos") options.set("normalize", json::bool_value(true, mode.mark));
  layer.find("class_name")->text = found->class_name;
  *layer.find("config") = options;
}

void flatten_merged_branches(Value& model, const Report& report) {
  if (starts_with_branches(model)) model = Flattener(report).run(model);
  Value* config = model.find("config");
  Value* layers = config ? config->find("layers") : nullptr;
  if (!layers) return;
  for (Value& layer : layers->items)
    if (is_model_class(class_of(layer))) flatten_merged_branches(layer, report);
}

}  // namespace kcc
