// RMSprop: v = rho v + (1 - rho) g^2;  w -= rate g / sqrt(v + epsilon), v - a^2 for v where centered
#include "compiler/ops/elementwise.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {

void rmsprop(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "rho", "momentum", "epsilon", "centered"});
  o.learning_rate = read_learning_rate(c, 0.001);
  const double rho = c.number("rho", 0.9), momentum = c.number("momentum", 0), epsilon = c.number("epsilon", 1e-7);
  const bool centered = c.boolean("centered", false);
  SlotNames slots = {{"velocity"}};
  if (momentum > 0) slots.push_back({"momentum"});
  if (centered) slots.push_back({"average_gradient"});
  o.rule = same_for_all(slots, [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
    ValueId& v = w.slots[0];
    v = moving_average(b, v, square(b, w.gradient), rho);
    ValueId variance = v;
    if (centered) {
      ValueId& average = w.slots.back();
      average = moving_average(b, average, w.gradient, rho);
      variance = sub(b, v, square(b, average));
    }
    ValueId increment = div(b, mul(b, w.gradient, step.rate), root(b, add(b, variance, epsilon)));
    if (!(momentum > 0)) return sub(b, w.weight, increment);
    ValueId& m = w.slots[1];
    m = add(b, mul(b, m, momentum), increment);
    return sub(b, w.weight, m);
  });
}

}  // namespace kcc
