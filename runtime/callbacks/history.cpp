// History: keeps the logs of each epoch; always there (keras/src/callbacks/history.py).
#include "runtime/callbacks/arguments.h"
#include "runtime/training.h"

namespace kcc::runtime {
namespace {

class HistoryKeeper : public Callback {
 public:
  Status on_epoch_end(Training& training, int64_t epoch, Logs& logs) override {
    training.history.add(epoch, logs);
    return {};
  }
};

}  // namespace

Result<std::unique_ptr<Callback>> make_history(const PythonCall& call) {
  if (Status status = Arguments(call).finish(); !status) return status.error();
  return std::unique_ptr<Callback>(new HistoryKeeper());
}

}  // namespace kcc::runtime
