#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {

void name_arguments(ConfigReader& c, std::vector<std::string> own) {
  static const char* const kShared[] = {"weight_decay",
                                        "clipnorm",
                                        "clipvalue",
                                        "global_clipnorm",
                                        "use_ema",
                                        "ema_momentum",
                                        "ema_overwrite_frequency",
                                        "loss_scale_factor",
                                        "gradient_accumulation_steps",
                                        "name"};
  const size_t count = own.size();
  for (const char* name : kShared)
    if (std::find(own.begin(), own.begin() + static_cast<int64_t>(count), name) ==
        own.begin() + static_cast<int64_t>(count))
      own.push_back(name);
  c.positional(own);
}

std::function<WeightRule(const TrainedWeight&)> same_for_all(SlotNames groups, Update update, double initial) {
  return [=](const TrainedWeight& weight) {
    WeightRule rule{{}, update, {}};
    for (const std::vector<std::string>& names : groups) {
      rule.groups.emplace_back();
      for (const std::string& name : names) rule.groups.back().push_back({name, {DType::kF32, weight.shape}, initial});
    }
    return rule;
  };
}

ValueId move_towards(Builder& b, ValueId x, ValueId target, double beta) {
  return add(b, x, mul(b, sub(b, target, x), 1 - beta));
}

ValueId bias_correction(Builder& b, double beta, const OptimizerStep& step) {
  return sub(b, 1.0, binary(b, OpKind::kPow, constant(b, beta), step.number));
}

ValueId moving_average(Builder& b, ValueId x, ValueId target, double beta) {
  return add(b, mul(b, x, beta), mul(b, target, 1 - beta));
}

ValueId root(Builder& b, ValueId x) {
  return unary(b, OpKind::kSqrt, x);
}

}  // namespace kcc
