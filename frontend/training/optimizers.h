// Optimizers: Keras's names and options -> the variables they keep and how a step updates each weight. Formulas are
// those of keras/src/optimizers, in their order of operations. The optimizers themselves are in optimizers/, one file
// a family; what all of them take (clipping, weight decay, averages, accumulated gradients) is UpdateOptions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ops/builder.h"
#include "frontend/config_reader.h"
#include "frontend/training/gradient_clipping.h"
#include "frontend/training/schedules.h"

namespace kcc {

// A weight that the optimizer updates.
struct TrainedWeight {
  std::string path;  // "dense/kernel"
  Shape shape;
};

// A variable that the optimizer keeps.
struct Slot {
  std::string name;  // "momentum"
  Type type;
  double initial = 0;
};

// One step, as all weights see it.
struct OptimizerStep {
  ValueId rate = -1;             // the learning rate, f32 scalar
  ValueId number = -1;           // of the step, from 1, f32 scalar
  std::vector<ValueId> scalars;  // values of Optimizer::scalars
};

// One weight in one step.
struct WeightStep {
  ValueId before = -1;    // the weight as the step found it
  ValueId weight = -1;    // after its decay
  ValueId gradient = -1;  // clipped
  std::vector<ValueId> slots;
};

// Replaces the slots by their new values and returns the new weight.
using Update = std::function<ValueId(Builder&, const OptimizerStep&, WeightStep&)>;

// How an optimizer treats a weight.
struct WeightRule {
  // What it keeps: WeightStep::slots are these, one group after the other. Keras saves group after group; within a
  // group weight after weight, each with the group's slots together. Every weight has as many groups.
  std::vector<std::vector<Slot>> groups;
  Update update;
  std::optional<double> decay;  // instead of UpdateOptions::weight_decay
};

// The arguments of Keras's base class.
struct UpdateOptions {
  GradientClipping clipping;
  double weight_decay = 0;
  double loss_scale = 1;
  int64_t accumulated_steps = 1;  // steps whose gradients' mean makes one update
  bool averages = false;          // use_ema: the weights' moving averages replace them when training ends,
  double average_momentum = 0.99;
  int64_t overwrite_frequency = 0;  // and after so many updates, 0: not before
};

struct Optimizer {
  std::string name;        // of its variables: "adam"
  std::string class_name;  // "Adam"
  json::Value config;      // its options, those given by position too by their names
  LearningRate learning_rate;
  UpdateOptions options;
  std::function<WeightRule(const TrainedWeight&)> rule;
  // What it keeps beside the weights' slots: saved after them, replaced by `begin` before the weights' updates.
  std::vector<Slot> scalars;
  std::function<void(Builder&, OptimizerStep&)> begin;
};

// A name or a configuration.
std::optional<Optimizer> read_optimizer(const json::Value& value, const Report& report);

}  // namespace kcc
