#include "frontend/training/schedules.h"

#include <fmt/format.h>

#include "compiler/ops/elementwise.h"

namespace kcc {
namespace {

struct Decay {
  double initial = 0, steps = 1, rate = 0;
  bool staircase = false;
};

// Step / decay_steps, whole numbers for a staircase.
ValueId progress(Builder& b, ValueId step, const Decay& d) {
  ValueId p = div(b, step, d.steps);
  return d.staircase ? unary(b, OpKind::kFloor, p) : p;
}

ValueId exponential_decay(Builder& b, ValueId step, const Decay& d) {
  return mul(b, binary(b, OpKind::kPow, constant(b, d.rate), progress(b, step, d)), d.initial);
}

ValueId inverse_time_decay(Builder& b, ValueId step, const Decay& d) {
  return div(b, d.initial, add(b, mul(b, progress(b, step, d), d.rate), 1.0));
}

Schedule read_schedule(const NamedObject& object, const Report& report, json::Value& config) {
  const bool exponential = object.name == "ExponentialDecay";
  if (!exponential && object.name != "InverseTimeDecay") {
    report.error(object.mark, fmt::format("unknown learning rate schedule '{}'", object.name),
                 did_you_mean(object.name, {"ExponentialDecay", "InverseTimeDecay"}));
    return nullptr;
  }
  ConfigReader options(object.config, object.mark, object.name, report);
  options.positional({"initial_learning_rate", "decay_steps", "decay_rate", "staircase"});
  for (const char* key : {"initial_learning_rate", "decay_steps", "decay_rate"})
    if (!options.has(key)) options.error(key, "a number");
  Decay d;
  d.initial = options.number("initial_learning_rate", 0);
  d.steps = options.number("decay_steps", 1);
  d.rate = options.number("decay_rate", 0);
  d.staircase = options.boolean("staircase", false);
  if (!(d.steps > 0)) options.error("decay_steps", "a positive number");
  options.ignore({"name"});
  options.finish();
  config = json::object_value({}, object.mark);
  config.set("class_name", json::string_value(object.name, object.mark));
  config.set("config", options.named());
  return [=](Builder& b, ValueId step) {
    return exponential ? exponential_decay(b, step, d) : inverse_time_decay(b, step, d);
  };
}

}  // namespace

LearningRate read_learning_rate(ConfigReader& optimizer, double fallback) {
  LearningRate rate;
  const std::string key = !optimizer.has("learning_rate") && optimizer.has("lr") ? "lr" : "learning_rate";
  optimizer.ignore({"lr"});
  rate.value = fallback;
  rate.decay = optimizer.number("decay", 0);
  if (const json::Value* value = optimizer.find(key)) {
    const auto object = value->is_object() ? named_object(*value) : std::nullopt;
    if (object)
      rate.schedule = read_schedule(*object, optimizer.report(), rate.config);
    else
      rate.value = optimizer.number(key, fallback);
  }
  if (rate.schedule && rate.decay != 0) optimizer.error("decay", "0 where a schedule computes the learning rate");
  return rate;
}

}  // namespace kcc
