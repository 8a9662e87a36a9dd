// Lion: w -= rate sign(beta_1 m + (1 - beta_1) g);  m = beta_2 m + (1 - beta_2) g
#include "compiler/ops/elementwise.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {

void lion(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "beta_1", "beta_2"});
  o.learning_rate = read_learning_rate(c, 0.001);
  const double beta_1 = c.number("beta_1", 0.9), beta_2 = c.number("beta_2", 0.99);
  if (!(beta_1 > 0 && beta_1 <= 1)) c.error("beta_1", "a number above 0 and at most 1");
  o.rule = same_for_all({{"momentum"}}, [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
    ValueId& m = w.slots[0];
    ValueId sign = unary(b, OpKind::kSign, moving_average(b, m, w.gradient, beta_1));
    m = moving_average(b, m, w.gradient, beta_2);
    return sub(b, w.weight, mul(b, sign, step.rate));
  });
}

}  // namespace kcc
