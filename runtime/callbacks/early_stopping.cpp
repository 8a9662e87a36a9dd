// EarlyStopping: ends the training when a quantity has stopped improving (keras/src/callbacks/early_stopping.py).
#include "runtime/callbacks/arguments.h"
#include "runtime/callbacks/monitor.h"
#include "runtime/callbacks/record.h"
#include "runtime/format.h"

namespace kcc::runtime {
namespace {

struct Settings {
  Monitor monitor;
  int64_t patience = 0;
  int64_t verbose = 0;
  std::optional<double> baseline;
  bool restore_best_weights = false;
  int64_t start_from_epoch = 0;
};

class EarlyStopping : public Callback {
 public:
  explicit EarlyStopping(Settings settings) : settings_(std::move(settings)) {}

  Status on_train_begin(Training& training) override { return settings_.monitor.begin(training, "EarlyStopping"); }

  Status on_epoch_end(Training& training, int64_t epoch, Logs& logs) override {
    const std::optional<double> current = settings_.monitor.value(logs);
    if (!current) {
      training.warn(
          format("Early stopping conditioned on metric `%s` which is not available. Available metrics are: %s",
                 settings_.monitor.monitor.c_str(), list_names(logs).c_str()));
    }
    if (!current || epoch < settings_.start_from_epoch) return {};
    if (best_weights_.empty()) keep_weights(training, epoch);
    ++wait_;
    if (settings_.monitor.is_improvement(*current, best_)) {
      best_ = current;
      best_epoch_ = epoch;
      keep_weights(training, epoch);
      // Patience begins again only where the baseline is beaten too.
      if (settings_.monitor.is_improvement(*current, settings_.baseline)) wait_ = 0;
      return {};
    }
    if (wait_ >= settings_.patience && epoch > 0) {
      stopped_epoch_ = epoch;
      training.stopped = true;
    }
    return {};
  }

  Status on_train_end(Training& training) override {
    if (stopped_epoch_ > 0 && settings_.verbose > 0) {
      training.print(format("Epoch %ld: early stopping", stopped_epoch_ + 1));
    }
    if (best_weights_.empty()) return {};
    if (settings_.verbose > 0) {
      training.print(format("Restoring model weights from the end of the best epoch: %ld.", best_epoch_ + 1));
    }
    training.state.set_weights(best_weights_);
    return {};
  }

  void exchange(Record& record) override {
    record.field("wait", &wait_);
    record.field("stopped_epoch", &stopped_epoch_);
    record.field("best", &best_);
    record.field("best_epoch", &best_epoch_);
    record.field("best_weights", &best_weights_);
  }

 private:
  void keep_weights(Training& training, int64_t epoch) {
    if (!settings_.restore_best_weights) return;
    best_weights_ = training.state.copy_weights();
    best_epoch_ = epoch;
  }

  Settings settings_;
  int64_t wait_ = 0;
  int64_t stopped_epoch_ = 0;
  std::optional<double> best_;
  int64_t best_epoch_ = 0;
  std::vector<char> best_weights_;  // empty: none are kept
};

}  // namespace

Result<std::unique_ptr<Callback>> make_early_stopping(const PythonCall& call) {
  Settings settings;
  Arguments arguments(call);
  arguments.take("monitor", &settings.monitor.monitor)
      .take("min_delta", &settings.monitor.min_delta)
      .take("patience", &settings.patience)
      .take("verbose", &settings.verbose)
      .take("mode", &settings.monitor.mode)
      .take("baseline", &settings.baseline)
      .take("restore_best_weights", &settings.restore_best_weights)
      .take("start_from_epoch", &settings.start_from_epoch);
  if (Status status = arguments.finish(); !status) return status.error();
  return std::unique_ptr<Callback>(new EarlyStopping(std::move(settings)));
}

}  // namespace kcc::runtime
