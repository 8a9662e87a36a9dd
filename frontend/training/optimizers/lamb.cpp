// Lamb: Adam's m and v, u = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon);  w -= |w| / |u| rate u,
// where a norm of 0 makes the ratio 1
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "frontend/expressions.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {

void lamb(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "beta_1", "beta_2", "epsilon"});
  o.learning_rate = read_learning_rate(c, 0.001);
  const AdamOptions options = read_adam_options(c);
  o.rule = same_for_all({{"momentum", "velocity"}}, [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
    ValueId &m = w.slots[0], &v = w.slots[1];
    m = move_towards(b, m, w.gradient, options.beta_1);
    v = move_towards(b, v, square(b, w.gradient), options.beta_2);
    ValueId scale = add(b, root(b, div(b, v, bias_correction(b, options.beta_2, step))), options.epsilon);
    ValueId way = div(b, div(b, m, bias_correction(b, options.beta_1, step)), scale);
    ValueId of_weight = root(b, square_sum(b, w.weight)), of_way = root(b, square_sum(b, way));
    ValueId both = binary(b, OpKind::kAnd, greater(b, of_weight, 0), greater(b, of_way, 0));
    ValueId ratio = select(b, both, div(b, of_weight, of_way), constant(b, 1));
    return sub(b, w.weight, mul(b, way, mul(b, ratio, step.rate)));
  });
}

}  // namespace kcc
