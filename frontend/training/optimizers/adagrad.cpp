// Adagrad: a += g^2;  w -= rate g / sqrt(a + epsilon)
#include "compiler/ops/elementwise.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {

void adagrad(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "initial_accumulator_value", "epsilon"});
  o.learning_rate = read_learning_rate(c, 0.001);
  const double initial = c.number("initial_accumulator_value", 0.1), epsilon = c.number("epsilon", 1e-7);
  const Update update = [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
    ValueId& sum = w.slots[0];
    sum = add(b, sum, square(b, w.gradient));
    return sub(b, w.weight, div(b, mul(b, w.gradient, step.rate), root(b, add(b, sum, epsilon))));
  };
  o.rule = same_for_all({{"accumulator"}}, update, initial);
}

}  // namespace kcc
