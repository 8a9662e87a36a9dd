// Adam, and AdamW, which is Adam with weight decay by default.
#include "compiler/ops/elementwise.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {

AdamOptions read_adam_options(ConfigReader& c, const std::string& prefix) {
  AdamOptions o;
  o.beta_1 = c.number(prefix + "beta_1", o.beta_1);
  o.beta_2 = c.number(prefix + "beta_2", o.beta_2);
  o.epsilon = c.number("epsilon", o.epsilon);
  return o;
}

ValueId adam_update(Builder& b, const AdamOptions& o, ValueId rate, const OptimizerStep& step, WeightStep& w) {
  ValueId &m = w.slots[0], &v = w.slots[1];
  ValueId alpha = div(b, mul(b, rate, root(b, bias_correction(b, o.beta_2, step))), bias_correction(b, o.beta_1, step));
  m = move_towards(b, m, w.gradient, o.beta_1);
  v = move_towards(b, v, square(b, w.gradient), o.beta_2);
  ValueId scale = v;
  if (o.amsgrad) scale = w.slots[2] = binary(b, OpKind::kMax, w.slots[2], v);
  return sub(b, w.weight, div(b, mul(b, m, alpha), add(b, root(b, scale), o.epsilon)));
}

namespace {

void read_adam(ConfigReader& c, Optimizer& o) {
  o.learning_rate = read_learning_rate(c, 0.001);
  AdamOptions options = read_adam_options(c);
  options.amsgrad = c.boolean("amsgrad", false);
  SlotNames slots = {{"momentum", "velocity"}};
  if (options.amsgrad) slots.push_back({"velocity_hat"});
  o.rule = same_for_all(slots, [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
    return adam_update(b, options, step.rate, step, w);
  });
}

}  // namespace

void adam(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad"});
  read_adam(c, o);
}

void adamw(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "weight_decay", "beta_1", "beta_2", "epsilon", "amsgrad"});
  read_adam(c, o);
  o.options.weight_decay = 0.004;
  if (c.written("weight_decay") && !c.has("weight_decay")) c.error("weight_decay", "a number");
}

}  // namespace kcc
