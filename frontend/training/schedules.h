// Learning rates: a number the user may change, or a schedule that computes it from the step.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ops/builder.h"
#include "frontend/config_reader.h"

namespace kcc {

// (step as f32 scalar) -> rate
using Schedule = std::function<ValueId(Builder&, ValueId step)>;

struct LearningRate {
  double value = 0.01;
  Schedule schedule;        // null: `value`, kept in a state
  double decay = 0;         // Keras 1 and 2: rate / (1 + decay * step)
  json::Value config = {};  // the schedule's object; null without one
};

// Reads "learning_rate", and the old names "lr" and "decay".
LearningRate read_learning_rate(ConfigReader& optimizer, double fallback);
std::vector<std::string> schedule_names();

}  // namespace kcc
