#include "frontend/training/saved_compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "frontend/names.h"
#include "frontend/saved_model.h"

namespace kcc {
namespace {

using json::Value;

// "MSE", "mean_squared_error" -> "MeanSquaredError": with options it is a class that is meant.
std::string class_of_function(const std::string& name) {
  const std::string words = canonical_loss(name);
  if (words == "kl_divergence") return "KLDivergence";
  std::string class_name;
  bool begins_word = true;
  for (const char c : words) {
    if (c != '_') class_name += begins_word ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins_word = c == '_';
  }
  return class_name;
}

// Keras decides what these are when it sees labels.
bool depends_on_labels(const std::string& name) {
  return name == "accuracy" || name == "acc" || name == "crossentropy" || name == "ce";
}

// A loss or metric as an object of its class: what names one of Keras's functions ("mse") cannot be loaded from an .h5
// (Keras 3.15 looks for a class of that name). A function of --define is left to the loader's custom_objects.
Value described(Value value, const std::string& reported, bool is_custom, const char* module) {
  const auto named = named_object(value);
  const bool is_name = named && !named->config && (value.is_string() || value.find("class_name")->text == "function");
  if (is_name && !is_custom && !depends_on_labels(named->name)) {
    Value object = json::object_value({});
    object.set("class_name", json::string_value(named->name));
    object.set("config", json::object_value({{"name", {}, json::string_value(reported)}}));
    value = std::move(object);
  }
  Value* class_name = value.find("class_name");
  if (!class_name || value.find("module")) return value;
  const bool is_function = class_name->text == "function";
  const std::string name = class_name->text;
  const bool is_alias = canonical_loss(name) != to_snake_case(name);
  const bool is_class = !is_alias && std::isupper(static_cast<unsigned char>(name[0]));
  if (!is_function && !is_class) class_name->text = class_of_function(name);
  if (name == "LossFunctionWrapper") module = "keras.src.losses.losses";
  if (!value.find("config")) value.set("config", json::object_value({}));
  name_module(value, is_function ? "builtins" : module);
  return value;
}

Value list(const std::vector<Metric>& metrics) {
  std::vector<Value> items;
  for (const Metric& metric : metrics)
    items.push_back(described(metric.config, metric.name, metric.is_custom, "keras.metrics"));
  return json::array_value(std::move(items));
}

// An entry for each output; of the only one, without the list.
template <typename Entry>
Value by_output(const TrainingSpec& spec, const Entry& entry) {
  if (spec.outputs.size() == 1) return entry(spec.outputs[0]);
  std::vector<Value> items;
  for (const OutputTraining& output : spec.outputs) items.push_back(entry(output));
  return json::array_value(std::move(items));
}

Value loss_weights(const TrainingSpec& spec) {
  std::vector<Value> items;
  bool all_one = true;
  for (const OutputTraining& output : spec.outputs) {
    all_one &= output.loss_weight == 1;
    items.push_back(json::number_value(output.loss_weight));
  }
  return all_one ? Value{} : json::array_value(std::move(items));
}

Value optimizer_object(const Optimizer& optimizer) {
  Value object = json::object_value({});
  object.set("class_name", json::string_value(optimizer.class_name));
  object.set("config", optimizer.config);
  Value& config = *object.find("config");
  config.rename("lr", "learning_rate");
  for (const char* key : {"decay", "is_legacy_optimizer", "jit_compile"}) config.take(key);  // not Keras 3's
  if (optimizer.learning_rate.config.is_object()) {
    Value schedule = optimizer.learning_rate.config;
    name_module(schedule, "keras.optimizers.schedules");
    config.set("learning_rate", std::move(schedule));
  }
  name_module(object, "keras.optimizers");
  return object;
}

}  // namespace

void describe_training(const TrainingSpec& spec, Module& module) {
  SavedModel& saved = module.saved;
  saved.optimizer = json::to_json(optimizer_object(*spec.optimizer));
  if (spec.optimizer->learning_rate.decay != 0 && saved.refusal.empty())
    saved.refusal = fmt::format("{} has 'decay', which Keras 3 has only as the schedule InverseTimeDecay",
                                spec.optimizer->class_name);
  if (spec.optimizer->config.find("keras2_schedule_decay") && saved.refusal.empty())
    saved.refusal = "Nadam has a 'schedule_decay', which Keras 3 does not have";
  Value arguments = json::object_value({});
  arguments.set("loss", by_output(spec, [](const OutputTraining& output) {
                  return output.loss
                             ? described(output.loss->config, output.loss->name, output.loss->is_custom, "keras.losses")
                             : Value{};
                }));
  arguments.set("loss_weights", loss_weights(spec));
  arguments.set("metrics", by_output(spec, [](const OutputTraining& output) { return list(output.metrics); }));
  arguments.set("weighted_metrics",
                by_output(spec, [](const OutputTraining& output) { return list(output.weighted_metrics); }));
  const std::string text = json::to_json(arguments);
  saved.compile = text.substr(1, text.size() - 2);
}

}  // namespace kcc
