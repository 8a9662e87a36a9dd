#include "runtime/training.h"

#include <algorithm>

#include "runtime/callbacks/record.h"

namespace kcc::runtime {

std::vector<std::string> Training::log_names() const {
  std::vector<std::string> names;
  for (int32_t i = 0; i < program.metric_count; ++i) {
    const std::string name = program.metrics[i].name;
    names.push_back(name);
    if (validation != nullptr) names.push_back("val_" + name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

double Training::learning_rate() const {
  return state.learning_rate();
}

Status Training::check_learning_rate_settable() const {
  if (program.learning_rate >= 0) return {};
  return make_error(
      "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` constructor argument, "
      "hence its learning rate is not settable. If you need the learning rate to be settable, you should instantiate "
      "the optimizer with a float `learning_rate` argument.");
}

Status Training::set_learning_rate(double rate) {
  return state.set_learning_rate(rate);
}

void Training::warn(const std::string& message) {
  if (std::find(warned_.begin(), warned_.end(), message) != warned_.end()) return;
  warned_.push_back(message);
  trainer.warn(message);
}

void Training::exchange(Record& record) {
  record.field("epoch", &position.epoch);
  record.field("step", &position.step);
  record.field("mid_epoch", &mid_epoch);
  record.field("stopped", &stopped);
  record.field("seed", &plan.seed);
  record.object("history", history);
  record.object("callbacks", callbacks);
}

}  // namespace kcc::runtime
