// CallbackList: the callbacks of a run in Keras's order: those of the command line, then History, then the progress
// bar, unless the command line names them itself; the backup after all of them. Each hook is called on each in turn,
// up to the first Error.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/callbacks/callback.h"
#include "runtime/distributed/ranks.h"

namespace kcc::runtime {

class CallbackList {
 public:
  // `calls` as typed; an Error says which is wrong, and how.
  static Result<CallbackList> make(const std::vector<std::string>& calls);

  // Leaves what this rank has to do.
  Status share(const Ranks& ranks);

  Status restore(Training& training);
  Status on_train_begin(Training& training);
  Status on_epoch_begin(Training& training, int64_t epoch);
  Status on_epoch_resume(Training& training, int64_t epoch);
  Status on_train_batch_end(Training& training, int64_t batch);
  Status on_epoch_end(Training& training, int64_t epoch, Logs& logs);
  Status on_train_end(Training& training);
  Status on_interrupt(Training& training);
  Status on_saved(Training& training);

  void exchange(Record& record);
  const std::vector<std::string>& names() const { return names_; }  // of the calls, in order

 private:
  Status add(const PythonCall& call);

  template <typename... Parameters, typename... Values>
  Status each(Status (Callback::*hook)(Training&, Parameters...), Training& training, Values&... values) {
    for (const std::unique_ptr<Callback>& callback : callbacks_) {
      if (Status status = (callback.get()->*hook)(training, values...); !status) return status;
    }
    return {};
  }

  std::vector<std::unique_ptr<Callback>> callbacks_;
  std::vector<std::string> names_;
};

}  // namespace kcc::runtime
