// TerminateOnNaN: ends the training at a loss that is no number (keras/src/callbacks/terminate_on_nan.py).
#include <cmath>

#include "runtime/callbacks/arguments.h"
#include "runtime/format.h"
#include "runtime/training.h"

namespace kcc::runtime {
namespace {

class TerminateOnNaN : public Callback {
 public:
  explicit TerminateOnNaN(bool raise_error) : raise_error_(raise_error) {}

  Status on_train_batch_end(Training& training, int64_t batch) override {
    const Result<Logs> logs = training.batch_logs();
    if (!logs) return logs.error();
    const std::optional<double> loss = find_log(*logs, "loss");
    if (!loss || std::isfinite(*loss)) return {};
    if (raise_error_) {
      return make_error("NaN or Inf loss encountered at batch %ld. Loss value: %s. Terminating training immediately.",
                        batch, python_repr(*loss).c_str());
    }
    training.print(format("Batch %ld: Invalid loss, terminating training", batch));
    training.stopped = true;
    return {};
  }

 private:
  bool raise_error_;
};

}  // namespace

Result<std::unique_ptr<Callback>> make_terminate_on_nan(const PythonCall& call) {
  bool raise_error = false;
  Arguments arguments(call);
  arguments.take("raise_error", &raise_error);
  if (Status status = arguments.finish(); !status) return status.error();
  return std::unique_ptr<Callback>(new TerminateOnNaN(raise_error));
}

}  // namespace kcc::runtime
