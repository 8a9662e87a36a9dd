// Nadam: Adam's m and v; with u_t = beta_1 (1 - 0.96^t / 2), in older Keras 0.96^(schedule_decay t), and U_t the product
// of all up to t,
// w -= rate (u_{t+1} m / (1 - U_{t+1}) + (1 - u_t) g / (1 - U_t)) / (sqrt(v / (1 - beta_2^t)) + epsilon)
#include "compiler/ops/elementwise.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {
namespace {

ValueId momentum_at(Builder& b, double beta_1, double pace, ValueId step) {
  ValueId power = binary(b, OpKind::kPow, constant(b, 0.96), pace == 1 ? step : mul(b, step, pace));
  return mul(b, sub(b, 1.0, mul(b, power, 0.5)), beta_1);
}

}  // namespace

void nadam(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "beta_1", "beta_2", "epsilon"});
  o.learning_rate = read_learning_rate(c, 0.001);
  const AdamOptions options = read_adam_options(c);
  const double pace = c.number("keras2_schedule_decay", 1);
  o.scalars = {{"u_product", {DType::kF32, {}}, 1}};
  o.begin = [=](Builder& b, OptimizerStep& step) {
    step.scalars[0] = mul(b, step.scalars[0], momentum_at(b, options.beta_1, pace, step.number));
  };
  o.rule = same_for_all({{"momentum", "velocity"}}, [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
    ValueId &m = w.slots[0], &v = w.slots[1];
    m = move_towards(b, m, w.gradient, options.beta_1);
    v = move_towards(b, v, square(b, w.gradient), options.beta_2);
    ValueId now = momentum_at(b, options.beta_1, pace, step.number);
    ValueId next = momentum_at(b, options.beta_1, pace, add(b, step.number, 1.0));
    ValueId product = step.scalars[0];
    ValueId of_m = div(b, next, sub(b, 1.0, mul(b, product, next)));
    ValueId of_gradient = div(b, sub(b, 1.0, now), sub(b, 1.0, product));
    ValueId mean = add(b, mul(b, m, of_m), mul(b, w.gradient, of_gradient));
    ValueId scale = root(b, div(b, v, bias_correction(b, options.beta_2, step)));
    return sub(b, w.weight, div(b, mul(b, mean, step.rate), add(b, scale, options.epsilon)));
  });
}

}  // namespace kcc
