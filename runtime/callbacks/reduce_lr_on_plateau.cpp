// ReduceLROnPlateau: lowers the learning rate when a quantity has stopped improving
// (keras/src/callbacks/reduce_lr_on_plateau.py).
#include <algorithm>

#include "runtime/callbacks/arguments.h"
#include "runtime/callbacks/monitor.h"
#include "runtime/callbacks/record.h"
#include "runtime/format.h"

namespace kcc::runtime {
namespace {

struct Settings {
  Monitor monitor;
  double factor = 0.1;
  int64_t patience = 10;
  int64_t verbose = 0;
  int64_t cooldown = 0;
  double min_lr = 0;
};

class ReduceLROnPlateau : public Callback {
 public:
  explicit ReduceLROnPlateau(Settings settings) : settings_(std::move(settings)) {}

  Status on_train_begin(Training& training) override {
    if (Status status = training.check_learning_rate_settable(); !status) return status;
    return settings_.monitor.begin(training, "ReduceLROnPlateau");
  }

  Status on_epoch_end(Training& training, int64_t epoch, Logs& logs) override {
    set_log(logs, "learning_rate", training.learning_rate());
    const std::optional<double> current = settings_.monitor.value(logs);
    if (!current) {
      training.warn(
          format("Learning rate reduction is conditioned on metric `%s` which is not available. Available metrics are: "
                 "%s.",
                 settings_.monitor.monitor.c_str(), list_names(logs).c_str()));
      return {};
    }
    if (in_cooldown()) {
      --cooldown_left_;
      wait_ = 0;
    }
    if (settings_.monitor.is_improvement(*current, best_)) {
      best_ = current;
      wait_ = 0;
    } else if (!in_cooldown() && ++wait_ >= settings_.patience) {
      return reduce(training, epoch);
    }
    return {};
  }

  void exchange(Record& record) override {
    record.field("best", &best_);
    record.field("cooldown_left", &cooldown_left_);
    record.field("wait", &wait_);
  }

 private:
  bool in_cooldown() const { return cooldown_left_ > 0; }

  Status reduce(Training& training, int64_t epoch) {
    const double old_rate = training.learning_rate();
    if (!(static_cast<float>(old_rate) > static_cast<float>(settings_.min_lr))) return {};
    const double rate = std::max(old_rate * settings_.factor, settings_.min_lr);
    if (Status status = training.set_learning_rate(rate); !status) return status;
    if (settings_.verbose > 0) {
      training.print(
          format("\nEpoch %ld: ReduceLROnPlateau reducing learning rate to %s.", epoch + 1, python_repr(rate).c_str()));
    }
    cooldown_left_ = settings_.cooldown;
    wait_ = 0;
    return {};
  }

  Settings settings_;
  std::optional<double> best_;
  int64_t cooldown_left_ = 0;
  int64_t wait_ = 0;
};

}  // namespace

Result<std::unique_ptr<Callback>> make_reduce_lr_on_plateau(const PythonCall& call) {
  Settings settings;
  settings.monitor.min_delta = 1e-4;
  Arguments arguments(call);
  arguments.take("monitor", &settings.monitor.monitor)
      .take("factor", &settings.factor)
      .take("patience", &settings.patience)
      .take("verbose", &settings.verbose)
      .take("mode", &settings.monitor.mode)
      .take("min_delta", &settings.monitor.min_delta)
      .take("cooldown", &settings.cooldown)
      .take("min_lr", &settings.min_lr);
  if (Status status = arguments.finish(); !status) return status.error();
  if (settings.factor >= 1) {
    return make_error("ReduceLROnPlateau does not support a factor >= 1.0. Received factor=%s",
                      python_repr(settings.factor).c_str());
  }
  return std::unique_ptr<Callback>(new ReduceLROnPlateau(std::move(settings)));
}

}  // namespace kcc::runtime
