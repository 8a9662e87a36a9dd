#include "frontend/model_json.h"

#include <cmath>
#include <set>

namespace kcc {
namespace {

using json::Kind;
using json::Value;

// Options whose numbers count something.
const std::set<std::string>& counting_options() {
  static const std::set<std::string> kOptions = {"axes",        "axis",           "batch_input_shape",
                                                 "batch_shape", "cropping",       "depth_multiplier",
                                                 "dims",        "dilation_rate",  "filters",
                                                 "groups",      "input_dim",      "input_length",
                                                 "input_shape", "kernel_size",    "n",
                                                 "output_dim",  "output_padding", "padding",
                                                 "pool_size",   "shared_axes",    "size",
                                                 "strides",     "target_shape",   "units"};
  return kOptions;
}

void make_whole(Value& value) {
  const bool whole =
      value.kind == Kind::kNumber && std::abs(value.number) < 1e15 && value.number == std::floor(value.number);
  if (whole) value = json::integer_value(static_cast<int64_t>(value.number), value.mark);
  for (Value& item : value.items) make_whole(item);
}

// Keys that writers leave for themselves, anywhere.
void tidy_values(Value& value) {
  for (const char* key : {"shared_object_id", "__passive_serialization__"})
    if (value.find("class_name")) value.take(key);
  for (Value& item : value.items) tidy_values(item);
  for (json::Member& member : value.members) tidy_values(member.value);
}

// Keras 1 and 2 until 2.2.3 wrote a Sequential's config as the list of its layers alone.
void name_lists(Value& value) {
  Value* config = class_of(value) == "Sequential" ? value.find("config") : nullptr;
  if (config && config->is_array()) {
    Value list = std::move(*config);
    const json::Mark mark = list.mark;
    *config = json::object_value({{"layers", mark, std::move(list)}}, mark);
  }
  for (Value& item : value.items) name_lists(item);
  for (json::Member& member : value.members) name_lists(member.value);
}

void visit_layer(Value& layer, bool first, const std::function<void(const LayerVisit&)>& visit);

void visit_layers(Value& model, const std::function<void(const LayerVisit&)>& visit) {
  Value* config = model.find("config");
  Value* layers = config ? config->find("layers") : nullptr;
  if (!layers) return;
  const bool sequential = class_of(model) == "Sequential";
  for (size_t i = 0; i < layers->items.size(); ++i) visit_layer(layers->items[i], sequential && i == 0, visit);
}

void visit_layer(Value& layer, bool first, const std::function<void(const LayerVisit&)>& visit) {
  if (is_model_class(class_of(layer))) return visit_layers(layer, visit);
  Value* config = layer.find("config");
  if (class_of(layer).empty() || !config || !config->is_object()) return;
  for (const char* key : {"layer", "forward_layer", "backward_layer", "cell"})
    if (Value* inner = config->find(key)) visit_layer(*inner, false, visit);
  if (Value* cells = config->find("cells"))
    for (Value& cell : cells->items) visit_layer(cell, false, visit);
  visit({layer, first});
}

}  // namespace

bool is_model_class(const std::string& class_name) {
  return class_name == "Sequential" || class_name == "Functional" || class_name == "Model";
}

std::string class_of(const Value& object) {
  const Value* class_name = object.find("class_name");
  return class_name ? class_name->text : "";
}

void tidy_model(Value& model) {
  tidy_values(model);
  name_lists(model);
}

void make_counts_whole(Value& value) {
  for (Value& item : value.items) make_counts_whole(item);
  for (json::Member& member : value.members) {
    if (counting_options().count(member.key)) make_whole(member.value);
    make_counts_whole(member.value);
  }
}

void for_each_layer(Value& model, const std::function<void(const LayerVisit&)>& visit) {
  visit_layers(model, visit);
}

}  // namespace kcc
