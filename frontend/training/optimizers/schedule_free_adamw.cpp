// ScheduleFreeAdamW: z -= rate g / (sqrt(v / (1 - beta_2^t)) + epsilon) with Adam's v;  x is the mean of all z, which
// is not kept: the weight is y = (1 - beta_1) z + beta_1 x.
#include "compiler/ops/elementwise.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {

void schedule_free_adamw(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "beta_1", "beta_2", "epsilon", "warmup_steps"});
  o.learning_rate = read_learning_rate(c, 0.0025);
  const double beta_1 = c.number("beta_1", 0.9), beta_2 = c.number("beta_2", 0.999),
               epsilon = c.number("epsilon", 1e-8);
  const double warmup = c.number("warmup_steps", 0);
  o.rule = same_for_all({{"momentum", "velocity"}}, [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
    ValueId &z = w.slots[0], &v = w.slots[1];
    ValueId rate = step.rate;
    if (warmup > 0) rate = mul(b, rate, binary(b, OpKind::kMin, div(b, step.number, warmup), constant(b, 1)));
    v = move_towards(b, v, square(b, w.gradient), beta_2);
    // z starts as the weight, which Keras copies before the first step.
    ValueId first = binary(b, OpKind::kEq, step.number, constant(b, 1));
    ValueId before = select(b, first, w.before, z);
    ValueId scale = add(b, root(b, div(b, v, bias_correction(b, beta_2, step))), epsilon);
    z = sub(b, before, div(b, mul(b, w.gradient, rate), scale));
    ValueId x = div(b, sub(b, w.weight, mul(b, before, 1 - beta_1)), beta_1);
    ValueId share = div(b, 1.0, step.number);
    x = add(b, mul(b, x, sub(b, 1.0, share)), mul(b, z, share));
    return add(b, mul(b, z, 1 - beta_1), mul(b, x, beta_1));
  });
}

}  // namespace kcc
