// ProgbarLogger: shows the progress; always there (keras/src/callbacks/progbar_logger.py). What it draws: Report.
#include "runtime/callbacks/arguments.h"
#include "runtime/training.h"

namespace kcc::runtime {
namespace {

class ProgbarLogger : public Callback {
 public:
  Status on_epoch_begin(Training& training, int64_t epoch) override {
    training.report.begin_epoch(epoch, training.plan.epochs, training.plan.steps.count);
    return {};
  }

  Status on_epoch_resume(Training& training, int64_t epoch) override { return on_epoch_begin(training, epoch); }

  Status on_train_batch_end(Training& training, int64_t batch) override {
    return training.report.step(batch + 1, &training.executor);
  }

  Status on_epoch_end(Training& training, int64_t, Logs& logs) override {
    training.report.finish(logs);
    return {};
  }
};

}  // namespace

Result<std::unique_ptr<Callback>> make_progbar_logger(const PythonCall& call) {
  if (Status status = Arguments(call).finish(); !status) return status.error();
  return std::unique_ptr<Callback>(new ProgbarLogger());
}

}  // namespace kcc::runtime
