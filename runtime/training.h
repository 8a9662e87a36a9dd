// Training: one run of fit as its callbacks see it: where it stands, what it has learnt so far, and what they may
// change. fit() moves it on; a checkpoint saves and loads all of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/bind_data.h"
#include "runtime/callbacks/callback_list.h"
#include "runtime/cursor.h"
#include "runtime/evaluate.h"
#include "runtime/history.h"
#include "runtime/metric_logs.h"
#include "runtime/report.h"
#include "runtime/trainer.h"

namespace kcc::runtime {

struct Validation {
  const Dataset* data;
  BatchReader reader;
  Steps steps;
};

class Training {
 public:
  // `validation` may be null. All outlive the run.
  Training(const Trainer& trainer, const Options& options, const FitPlan& plan, StateBlock& state, Executor& executor,
           const Dataset& data, Validation* validation, Report& report, CallbackList callbacks)
      : trainer(trainer),
        options(options),
        program(trainer.program),
        state(state),
        executor(executor),
        data(data),
        validation(validation),
        report(report),
        callbacks(std::move(callbacks)),
        plan(plan),
        position{plan.initial_epoch, 0} {}

  const Trainer& trainer;
  const Options& options;
  const Program& program;
  StateBlock& state;
  Executor& executor;
  const Dataset& data;
  Validation* const validation;
  Report& report;
  CallbackList callbacks;

  // What moves. A restored run takes its seed from the checkpoint.
  FitPlan plan;
  Position position;
  History history;  // of the whole epochs
  bool stopped = false;
  int signal = 0;          // that ended the run early, or 0
  bool resumed = false;    // from a checkpoint
  bool mid_epoch = false;  // the epoch at `position` has begun before

  // The running loss and metrics of the epoch's steps so far, as Keras passes them after a batch.
  Result<Logs> batch_logs() const { return metric_logs(executor); }
  // The names that an epoch's logs will have, before there are any.
  std::vector<std::string> log_names() const;

  // In float, as the optimizer holds it.
  double learning_rate() const;
  Status set_learning_rate(double rate);
  // Keras's error where a schedule computes the learning rate.
  Status check_learning_rate_settable() const;

  void print(const std::string& message) {
    if (trainer.ranks.first()) report.message(message);
  }
  void warn(const std::string& message);  // once, however often it is said

  void exchange(Record& record);

 private:
  std::vector<std::string> warned_;
};

}  // namespace kcc::runtime
