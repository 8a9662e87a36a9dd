// The optimizers of this folder, and what several of them use.
#pragma once

#include "frontend/training/optimizers.h"

namespace kcc {

void adadelta(ConfigReader& c, Optimizer& o);
void adafactor(ConfigReader& c, Optimizer& o);
void adagrad(ConfigReader& c, Optimizer& o);
void adam(ConfigReader& c, Optimizer& o);
void adamax(ConfigReader& c, Optimizer& o);
void adamw(ConfigReader& c, Optimizer& o);
void ftrl(ConfigReader& c, Optimizer& o);
void lamb(ConfigReader& c, Optimizer& o);
void lion(ConfigReader& c, Optimizer& o);
void muon(ConfigReader& c, Optimizer& o);
void nadam(ConfigReader& c, Optimizer& o);
void rmsprop(ConfigReader& c, Optimizer& o);
void schedule_free_adamw(ConfigReader& c, Optimizer& o);
void sgd(ConfigReader& c, Optimizer& o);

// Names the arguments that may be given by position: the optimizer's own, then those of Keras's base class.
void name_arguments(ConfigReader& c, std::vector<std::string> own);

// A rule for weights of any shape, each with slots of its shape. Groups as in WeightRule, by name.
using SlotNames = std::vector<std::vector<std::string>>;
std::function<WeightRule(const TrainedWeight&)> same_for_all(SlotNames groups, Update update, double initial = 0);

// Adam's options, slots and step: m += (1 - beta_1) (g - m);  v += (1 - beta_2) (g^2 - v);
// w -= alpha m / (sqrt(v) + epsilon) with alpha = rate sqrt(1 - beta_2^t) / (1 - beta_1^t).
struct AdamOptions {
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  bool amsgrad = false;
};
// Options of those names; `prefix` before the betas'.
AdamOptions read_adam_options(ConfigReader& c, const std::string& prefix = "");
ValueId adam_update(Builder& b, const AdamOptions& o, ValueId rate, const OptimizerStep& step, WeightStep& w);

// x' = x + (1 - beta) (target - x), as Adam's family writes moving averages.
ValueId move_towards(Builder& b, ValueId x, ValueId target, double beta);
// 1 - beta^t
ValueId bias_correction(Builder& b, double beta, const OptimizerStep& step);
// beta x + (1 - beta) target, as the others write them.
ValueId moving_average(Builder& b, ValueId x, ValueId target, double beta);
ValueId root(Builder& b, ValueId x);

}  // namespace kcc
