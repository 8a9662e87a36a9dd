#include "runtime/fit.h"

#include <signal.h>

#include <algorithm>
#include <optional>

#include "runtime/cursor.h"
#include "runtime/distributed/rank_sums.h"
#include "runtime/distributed/share.h"
#include "runtime/files/mapped_file.h"
#include "runtime/format.h"
#include "runtime/interrupt.h"
#include "runtime/metric_logs.h"

namespace kcc::runtime {
namespace {

class Loop {
 public:
  Loop(Training& training, BatchReader& reader)
      : training_(training),
        executor_(training.executor),
        reader_(reader),
        ranks_(training.trainer.ranks),
        cursor_(training.plan) {
    if (ranks_.alone()) return;
    sums_.emplace([this](float* values, int64_t count) { ranks_.sum(values, count); });
    executor_.set_rank_sums(&*sums_);
  }
  ~Loop() { executor_.set_rank_sums(nullptr); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Status run() {
    CallbackList& callbacks = training_.callbacks;
    if (Status status = callbacks.restore(training_); !status) return status;
    if (Status status = callbacks.on_train_begin(training_); !status) return status;
    while (training_.position.epoch < training_.plan.epochs && (!training_.stopped || training_.mid_epoch)) {
      if (Status status = run_epoch(); !status) return status;
      if (training_.signal != 0) {
        training_.report.break_off();
        if (Status status = callbacks.on_interrupt(training_); !status) return status;
        break;
      }
    }
    return callbacks.on_train_end(training_);
  }

 private:
  // Returns early if a signal came.
  Status run_epoch() {
    const int64_t epoch = training_.position.epoch;
    if (Status status = begin_epoch(epoch); !status) return status;
    if (Status status = run_steps(); !status || training_.signal != 0) return status;
    Result<Logs> metrics = metric_logs(executor_);
    if (!metrics) return metrics.error();
    Logs& logs = *metrics;
    if (Status status = validate(&logs); !status || training_.signal != 0) return status;
    if (Status status = check_mapped_files(); !status) return status;
    training_.position = {epoch + 1, 0};
    training_.mid_epoch = false;
    if (Status status = training_.callbacks.on_epoch_end(training_, epoch, logs); !status) return status;
    if (ranks_.alone()) training_.signal = interrupting_signal();
    return {};
  }

  Status begin_epoch(int64_t epoch) {
    cursor_.go_to(training_.position);
    if (training_.mid_epoch) return training_.callbacks.on_epoch_resume(training_, epoch);
    training_.state.reset_metrics();
    if (Status status = training_.callbacks.on_epoch_begin(training_, epoch); !status) return status;
    training_.mid_epoch = true;
    return {};
  }

  Status run_steps() {
    int64_t& step = training_.position.step;
    samples_ = 0;
    while (step < training_.plan.steps.count && !training_.stopped) {
      if (cursor_.used_up()) {
        warn_of_shortage();
        break;
      }
      if (Status status = run_step(); !status) return status;
      ++step;
      if (Status status = training_.callbacks.on_train_batch_end(training_, step - 1); !status) return status;
      training_.signal = sums_ ? ending_signal(sums_->stop_agreed()) : interrupting_signal();
      if (training_.signal != 0) break;
    }
    training_.report.trained(samples_);
    return {};
  }

  // The key of random operations counts optimizer steps: a run resumed from a file goes on with the next one.
  Status run_step() {
    StateBlock& state = training_.state;
    const Program& program = training_.program;
    const int64_t batch = cursor_.batch();
    const Share share = share_of(batch, ranks_.rank(), ranks_.size());
    Result<const void* const*> inputs =
        reader_.read(cursor_.order(), cursor_.first_sample() + share.first, share.count);
    if (!inputs) return inputs.error();
    state.set_step(training_.plan.seed, state.iterations(), share.first, batch);
    if (sums_) sums_->begin_step(share.counts, interrupting_signal() != 0);
    cursor_.advance();
    read_ahead();
    samples_ += batch;
    return executor_.run(sums_ ? program.train_share : program.train, *inputs, nullptr, share.count);
  }

  void read_ahead() {
    if (cursor_.used_up()) return;
    const Share next = share_of(cursor_.batch(), ranks_.rank(), ranks_.size());
    reader_.read_ahead(cursor_.order(), cursor_.first_sample() + next.first, next.count);
  }

  // Ranks end together, after the same step, when one of them has been told to.
  static int ending_signal(bool agreed) {
    const int signal = interrupting_signal();
    return !agreed ? 0 : signal != 0 ? signal : SIGTERM;
  }

  void warn_of_shortage() {
    const Steps& steps = training_.plan.steps;
    training_.warn(format("--steps-per-epoch %ld: the data ran out, there are %ld batches of %ld", steps.count,
                          steps.available, steps.batch));
  }

  // The metrics of the epoch's steps are gone afterwards: their place is taken. A signal takes all of it back, and the
  // run stands before its validation.
  Status validate(Logs* logs) {
    Validation* validation = training_.validation;
    if (validation == nullptr) return {};
    const std::vector<char> traces = training_.state.copy_traces();
    const Result<Logs> scores =
        evaluate(training_.program, executor_, training_.state, validation->reader, validation->steps, ranks_, nullptr);
    if (!scores) return scores.error();
    float interrupted = interrupting_signal() == 0 ? 0 : 1;
    ranks_.sum(&interrupted, 1);
    training_.signal = ending_signal(interrupted != 0);
    if (training_.signal != 0) {
      training_.state.set_traces(traces);
      return {};
    }
    for (const auto& [name, value] : *scores) logs->emplace_back("val_" + name, value);
    std::sort(logs->begin(), logs->end(), [](auto& a, auto& b) { return a.first < b.first; });
    return {};
  }

  Training& training_;
  Executor& executor_;
  BatchReader& reader_;
  const Ranks& ranks_;
  Cursor cursor_;
  int64_t samples_ = 0;            // of the epoch, as far as this run made it
  std::optional<RankSums> sums_;  // where there are several ranks
};

}  // namespace

Status fit(Training& training, BatchReader& reader) {
  return Loop(training, reader).run();
}

}  // namespace kcc::runtime
