#include "frontend/old_compile.h"

#include <string_view>

#include "frontend/model_json.h"

namespace kcc {
namespace {

using json::Value;

bool is_zero(const Value& value) {
  return value.is_null() || (value.is_number() && value.number == 0);
}

// lr / (1 + decay * steps)
Value decayed(const Value& rate, const Value& decay) {
  Value config = json::object_value({}, decay.mark);
  config.set("initial_learning_rate", rate);
  config.set("decay_steps", json::integer_value(1, decay.mark));
  config.set("decay_rate", decay);
  Value schedule = json::object_value({}, decay.mark);
  schedule.set("class_name", json::string_value("InverseTimeDecay", decay.mark));
  schedule.set("config", std::move(config));
  return schedule;
}

// What every optimizer of Keras 1 and 2 starts from.
double default_rate(const std::string& class_name) {
  if (class_name == "SGD" || class_name == "Adagrad") return 0.01;
  if (class_name == "Adadelta") return 1.0;
  return class_name == "Adamax" || class_name == "Nadam" ? 0.002 : 0.001;
}

// TensorFlow 2.11 to 2.15 write Keras's own optimizers so.
void drop_package(Value& optimizer) {
  Value* class_name = optimizer.find("class_name");
  constexpr std::string_view kPackage = "Custom>";
  if (class_name && class_name->text.starts_with(kPackage)) class_name->text.erase(0, kPackage.size());
}

void upgrade_optimizer(Value& optimizer, const KerasVersion& version) {
  drop_package(optimizer);
  Value* config = optimizer.find("config");
  if (!config || !config->is_object()) return;
  config->rename("lr", "learning_rate");
  // Nadam's "decay" is that of its momentum: each step counts as so much of one (0.96 to the power of decay * step).
  if (class_of(optimizer) == "Nadam")
    for (const char* name : {"schedule_decay", "decay"}) config->rename(name, "keras2_schedule_decay");
  if (class_of(optimizer) == "Nadam" && version.multi_backend && !config->find("keras2_schedule_decay"))
    config->set("keras2_schedule_decay", json::number_value(0.004, optimizer.mark));
  if (const auto decay = config->take("decay"); decay && !is_zero(*decay)) {
    const Value* rate = config->find("learning_rate");
    config->set("learning_rate",
                decayed(rate ? *rate : json::number_value(default_rate(class_of(optimizer)), decay->mark), *decay));
  }
  if (const Value* epsilon = config->find("epsilon"); epsilon && epsilon->is_null()) config->take("epsilon");
  // Keras's own optimizers measured all gradients as one.
  if (version.multi_backend) config->rename("clipnorm", "global_clipnorm");
  if (version.multi_backend && class_of(optimizer) == "Adagrad" && !config->find("initial_accumulator_value"))
    config->set("initial_accumulator_value", json::number_value(0, optimizer.mark));
}

// Names whose meaning changed. TensorFlow's Keras called cosine_similarity so; the older ones measured something else
// by that name, from version to version, and Keras 1's ratios were means over batches: those stay unknown.
void upgrade_name(Value& name, const KerasVersion& version) {
  if (!version.multi_backend && (name.text == "cosine_proximity" || name.text == "cosine"))
    name.text = "cosine_similarity";
  for (const char* ratio : {"precision", "recall", "fmeasure", "fbeta_score"})
    if (version.generation == 1 && name.text == ratio) name.text = std::string("keras1_") + ratio;
}

void upgrade_names(Value& value, const KerasVersion& version) {
  if (value.is_string()) upgrade_name(value, version);
  for (Value& item : value.items) upgrade_names(item, version);
  if (Value* class_name = value.find("class_name")) return upgrade_name(*class_name, version);
  for (json::Member& member : value.members) upgrade_names(member.value, version);
}

// "auto" was the sum over the batch's size; metrics that wrap a function go by its name.
void upgrade_objects(Value& value) {
  Value* config = value.find("config");
  if (Value* reduction = config ? config->find("reduction") : nullptr; reduction && reduction->text == "auto")
    reduction->text = "sum_over_batch_size";
  const Value *function = config ? config->find("fn") : nullptr, *name = config ? config->find("name") : nullptr;
  if (class_of(value) == "MeanMetricWrapper" && function && function->is_string()) {
    const bool short_name = name && (name->text == "accuracy" || name->text == "acc");
    value = Value(short_name ? *name : *function);
    return;
  }
  for (Value& item : value.items) upgrade_objects(item);
  for (json::Member& member : value.members)
    if (member.key != "optimizer") upgrade_objects(member.value);
}

// They were for outputs, and Keras 3's are for losses (training/loss_weights.h).
void mark_loss_weights(Value& compile) {
  const auto weights = compile.take("loss_weights");
  if (!weights || weights->is_null()) return;
  Value marked = json::object_value({}, weights->mark);
  marked.set("keras2_by_output", *weights);
  compile.set("loss_weights", std::move(marked));
}

}  // namespace

void upgrade_compile(Value& model, const KerasVersion& version) {
  if (auto training = model.take("training_config"); training && training->is_object()) {
    training->rename("optimizer_config", "optimizer");
    // In Keras 3 the weights' own shape says whether they weigh time steps.
    for (const char* key : {"sample_weight_mode", "user_metrics"}) training->take(key);
    if (!model.find("compile_config")) model.set("compile_config", std::move(*training));
  }
  Value* compile = model.find("compile_config");
  if (!compile || version.generation == 3) return;
  mark_loss_weights(*compile);
  if (Value* optimizer = compile->find("optimizer")) upgrade_optimizer(*optimizer, version);
  upgrade_objects(*compile);
  for (const char* key : {"loss", "metrics", "weighted_metrics"})
    if (Value* value = compile->find(key)) upgrade_names(*value, version);
}

}  // namespace kcc
