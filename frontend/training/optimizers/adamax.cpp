// Adamax: m += (1 - beta_1) (g - m);  u = max(beta_2 u, |g|);  w -= rate m / ((1 - beta_1^t) (u + epsilon))
#include "compiler/ops/elementwise.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {

void adamax(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "beta_1", "beta_2", "epsilon"});
  o.learning_rate = read_learning_rate(c, 0.001);
  const AdamOptions options = read_adam_options(c);
  o.rule = same_for_all({{"momentum", "norm"}}, [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
    ValueId &m = w.slots[0], &u = w.slots[1];
    m = move_towards(b, m, w.gradient, options.beta_1);
    u = binary(b, OpKind::kMax, mul(b, u, options.beta_2), unary(b, OpKind::kAbs, w.gradient));
    ValueId divisor = mul(b, add(b, u, options.epsilon), bias_correction(b, options.beta_1, step));
    return sub(b, w.weight, div(b, mul(b, m, step.rate), divisor));
  });
}

}  // namespace kcc
