// Optimizers: Keras's names and options -> the slots they keep and how a step updates one weight. Formulas are those
// of keras/src/optimizers, in their order of operations. Updates are element-wise and the same for every weight;
// what depends on the step alone is computed once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ops/builder.h"
#include "frontend/config_reader.h"
#include "frontend/training/schedules.h"

namespace kcc {

// One weight in one step.
struct WeightStep {
  ValueId weight = -1, gradient = -1;
  ValueId rate = -1;  // what Optimizer::rate gave
  std::vector<ValueId> slots;
};

struct GradientClipping {
  enum class Kind { kNone, kValue, kNorm, kGlobalNorm };
  Kind kind = Kind::kNone;
  double limit = 0;
};

struct Optimizer {
  std::string name;        // of its variables: "adam"
  std::string class_name;  // "Adam"
  json::Value config;      // its options, those given by position too by their names
  LearningRate learning_rate;
  GradientClipping clipping;
  double weight_decay = 0;
  // Names of the slots of a weight, in the order of WeightStep::slots. Keras saves group after group; within a group
  // weight after weight, each with the group's slots together.
  std::vector<std::vector<std::string>> slot_groups;
  // From the learning rate and the number of the step (from 1, f32): what all updates share. Null: the learning rate.
  std::function<ValueId(Builder&, ValueId learning_rate, ValueId step)> rate;
  // Replaces the slots by their new values and returns the new weight.
  std::function<ValueId(Builder&, WeightStep&)> update;
};

// A name or a configuration.
std::optional<Optimizer> read_optimizer(const json::Value& value, const Report& report);

// Clips all gradients of a step, as the optimizer's option says.
std::vector<ValueId> clip_gradients(Builder& b, const std::vector<ValueId>& gradients,
                                    const GradientClipping& clipping);

}  // namespace kcc
