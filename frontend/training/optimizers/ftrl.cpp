// Ftrl, with p = -learning_rate_power:
// n' = n + g^2;  z += g + 2 shrinkage w - (n'^p - n^p) / rate w;
// w = (clip(z, -l1, l1) - z) / (n'^p / rate + 2 (l2 + beta / (2 rate)))
#include "compiler/ops/elementwise.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {
namespace {

double not_negative(ConfigReader& c, const char* key, double fallback) {
  const double value = c.number(key, fallback);
  if (!(value >= 0)) c.error(key, "a number of 0 or more");
  return value;
}

}  // namespace

void ftrl(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "learning_rate_power", "initial_accumulator_value", "l1_regularization_strength",
                     "l2_regularization_strength", "l2_shrinkage_regularization_strength", "beta"});
  o.learning_rate = read_learning_rate(c, 0.001);
  const double power = -c.number("learning_rate_power", -0.5);
  if (!(power >= 0)) c.error("learning_rate_power", "a number of 0 or less");
  const double initial = not_negative(c, "initial_accumulator_value", 0.1);
  const double l1 = not_negative(c, "l1_regularization_strength", 0);
  const double l2 = not_negative(c, "l2_regularization_strength", 0);
  const double shrinkage = not_negative(c, "l2_shrinkage_regularization_strength", 0);
  const double beta = c.number("beta", 0);
  const Update update = [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
    ValueId &sum = w.slots[0], &linear = w.slots[1];
    const auto raised = [&](ValueId x) {
      return power == 0.5 ? root(b, x) : binary(b, OpKind::kPow, x, constant(b, power));
    };
    ValueId next = add(b, sum, square(b, w.gradient));
    ValueId gradient = add(b, w.gradient, mul(b, w.weight, 2 * shrinkage));
    ValueId growth = div(b, sub(b, raised(next), raised(sum)), step.rate);
    linear = add(b, linear, sub(b, gradient, mul(b, growth, w.weight)));
    sum = next;
    ValueId ridge = mul(b, add(b, div(b, beta, mul(b, step.rate, 2.0)), l2), 2.0);
    ValueId quadratic = add(b, div(b, raised(next), step.rate), ridge);
    return div(b, sub(b, clip(b, linear, -l1, l1), linear), quadratic);
  };
  o.rule = [=](const TrainedWeight& weight) {
    const Type type{DType::kF32, weight.shape};
    return WeightRule{{{{"accumulator", type, initial}, {"linear", type}}}, update, {}};
  };
}

}  // namespace kcc
