// Callback: what --callback adds to fit. CallbackList calls the hooks in Keras's order (runtime/fit.cpp); each sees the
// run through Training. To add one: a file here and a line in registry.cpp.
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/callbacks/python_call.h"
#include "runtime/files/result.h"
#include "runtime/progress_bar.h"

namespace kcc::runtime {

class Record;
class Training;

// Epochs and batches count from 0. An Error ends the run.
class Callback {
 public:
  virtual ~Callback() = default;

  virtual Status on_train_begin(Training&) { return {}; }
  virtual Status on_epoch_begin(Training&, int64_t /*epoch*/) { return {}; }
  // Instead of on_epoch_begin, where a restored run goes on within an epoch that has begun before.
  virtual Status on_epoch_resume(Training&, int64_t /*epoch*/) { return {}; }
  // Steps take microseconds: the running metrics are computed for who asks, by Training::batch_logs.
  virtual Status on_train_batch_end(Training&, int64_t /*batch*/) { return {}; }
  // As in Keras, later callbacks see what earlier ones add to the logs.
  virtual Status on_epoch_end(Training&, int64_t /*epoch*/, Logs&) { return {}; }
  virtual Status on_train_end(Training&) { return {}; }

  // Beyond Keras, for runs that end early and go on later:
  virtual Status restore(Training&) { return {}; }       // before everything else
  virtual Status on_interrupt(Training&) { return {}; }  // after the batch in which a signal came
  virtual Status on_saved(Training&) { return {}; }      // after all that the run was to write is written

  // Whether it comes after all others, because it keeps what they did: all of a run that one process does.
  virtual bool is_last() const { return false; }
  // Whether it only writes files: of several processes one does.
  virtual bool only_writes() const { return false; }

  // Everything that changes during a run, named: saves and loads it.
  virtual void exchange(Record&) {}
};

using MakeCallback = Result<std::unique_ptr<Callback>> (*)(const PythonCall& call);

}  // namespace kcc::runtime
