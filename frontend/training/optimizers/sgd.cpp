// SGD: m = momentum m - rate g;  w += m, or with nesterov w += momentum m - rate g
#include "compiler/ops/elementwise.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {

void sgd(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "momentum", "nesterov"});
  o.learning_rate = read_learning_rate(c, 0.01);
  const double momentum = c.number("momentum", 0);
  const bool nesterov = c.boolean("nesterov", false);
  if (!(momentum >= 0 && momentum <= 1)) c.error("momentum", "a number from 0 to 1");
  if (momentum == 0) {
    o.rule = same_for_all({}, [](Builder& b, const OptimizerStep& step, WeightStep& w) {
      return sub(b, w.weight, mul(b, w.gradient, step.rate));
    });
    return;
  }
  o.rule = same_for_all({{"momentum"}}, [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
    ValueId way = mul(b, w.gradient, step.rate);
    ValueId& m = w.slots[0];
    m = sub(b, mul(b, m, momentum), way);
    return add(b, w.weight, nesterov ? sub(b, mul(b, m, momentum), way) : m);
  });
}

}  // namespace kcc
