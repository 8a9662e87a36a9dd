#include "frontend/training/optimizers/registry.h"

#include "frontend/training/optimizers/readers.h"

namespace kcc {

const std::vector<OptimizerKind>& optimizer_kinds() {
  static const std::vector<OptimizerKind> kKinds = {
      {"Adadelta", adadelta},
      {"Adafactor", adafactor},
      {"Adagrad", adagrad},
      {"Adam", adam},
      {"AdamW", adamw},
      {"Adamax", adamax},
      {"Ftrl", ftrl},
      {"Lamb", lamb},
      {"Lion", lion},
      {"LossScaleOptimizer", nullptr,
       "is for float16; programs of kcc compute in float32, where gradients do not vanish",
       "name its inner optimizer instead"},
      {"MultiOptimizer", nullptr, "is not supported: one optimizer updates all weights"},
      {"Muon", muon},
      {"Nadam", nadam},
      {"RMSprop", rmsprop},
      {"SGD", sgd},
      {"ScheduleFreeAdamW", schedule_free_adamw},
  };
  return kKinds;
}

}  // namespace kcc
