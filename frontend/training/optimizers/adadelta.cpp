// Adadelta: a = rho a + (1 - rho) g^2;  delta = -g sqrt(d + epsilon) / sqrt(a + epsilon);
// d = rho d + (1 - rho) delta^2;  w += rate delta
#include "compiler/ops/elementwise.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {

void adadelta(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "rho", "epsilon"});
  o.learning_rate = read_learning_rate(c, 0.001);
  const double rho = c.number("rho", 0.95), epsilon = c.number("epsilon", 1e-7);
  const SlotNames slots = {{"accumulated_grad", "accumulated_delta_var"}};
  o.rule = same_for_all(slots, [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
    ValueId &gradients = w.slots[0], &deltas = w.slots[1];
    const auto rms = [&](ValueId x) { return root(b, add(b, x, epsilon)); };
    gradients = moving_average(b, gradients, square(b, w.gradient), rho);
    ValueId delta = neg(b, div(b, mul(b, rms(deltas), w.gradient), rms(gradients)));
    deltas = moving_average(b, deltas, square(b, delta), rho);
    return add(b, w.weight, mul(b, delta, step.rate));
  });
}

}  // namespace kcc
