#include "runtime/callbacks/callback_list.h"

#include <algorithm>

#include "runtime/callbacks/record.h"
#include "runtime/callbacks/registry.h"

namespace kcc::runtime {

Result<CallbackList> CallbackList::make(const std::vector<std::string>& calls) {
  CallbackList list;
  for (const std::string& text : calls) {
    Result<PythonCall> call = parse_python_call(text);
    if (!call) return call.error();
    if (Status status = list.add(*call); !status) return status.error();
  }
  for (const char* always : {"History", "ProgbarLogger"}) {
    if (std::find(list.names_.begin(), list.names_.end(), always) != list.names_.end()) continue;
    if (Status status = list.add({always, {}, {}}); !status) return status.error();
  }
  std::stable_partition(list.callbacks_.begin(), list.callbacks_.end(), [](auto& c) { return !c->is_last(); });
  return list;
}

Status CallbackList::share(const Ranks& ranks) {
  if (ranks.alone()) return {};
  if (std::any_of(callbacks_.begin(), callbacks_.end(), [](auto& c) { return c->is_last(); }))
    return make_error("--callback: BackupAndRestore keeps the training of one process, not of %d", ranks.size());
  if (!ranks.first()) std::erase_if(callbacks_, [](auto& c) { return c->only_writes(); });
  return {};
}

Status CallbackList::add(const PythonCall& call) {
  Result<std::unique_ptr<Callback>> callback = make_callback(call);
  if (!callback) return callback.error();
  callbacks_.push_back(std::move(*callback));
  names_.push_back(call.name);
  return {};
}

Status CallbackList::restore(Training& training) {
  return each(&Callback::restore, training);
}

Status CallbackList::on_train_begin(Training& training) {
  return each(&Callback::on_train_begin, training);
}

Status CallbackList::on_epoch_begin(Training& training, int64_t epoch) {
  return each(&Callback::on_epoch_begin, training, epoch);
}

Status CallbackList::on_epoch_resume(Training& training, int64_t epoch) {
  return each(&Callback::on_epoch_resume, training, epoch);
}

Status CallbackList::on_train_batch_end(Training& training, int64_t batch) {
  return each(&Callback::on_train_batch_end, training, batch);
}

Status CallbackList::on_epoch_end(Training& training, int64_t epoch, Logs& logs) {
  return each(&Callback::on_epoch_end, training, epoch, logs);
}

Status CallbackList::on_train_end(Training& training) {
  return each(&Callback::on_train_end, training);
}

Status CallbackList::on_interrupt(Training& training) {
  return each(&Callback::on_interrupt, training);
}

Status CallbackList::on_saved(Training& training) {
  return each(&Callback::on_saved, training);
}

void CallbackList::exchange(Record& record) {
  for (size_t i = 0; i < callbacks_.size(); ++i) record.object(std::to_string(i), *callbacks_[i]);
}

}  // namespace kcc::runtime
