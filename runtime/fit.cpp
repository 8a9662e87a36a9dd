#include "runtime/fit.h"

#include <algorithm>

#include "runtime/interrupt.h"

namespace kcc::runtime {
namespace {

// Where training stands in the data. Epochs of --steps-per-epoch batches go on where the last one stopped; when the
// data is used up, the next epoch begins a new pass in a new order. The place is a function of the epoch, so that
// --initial-epoch finds it again.
class Cursor {
 public:
  explicit Cursor(const FitPlan& plan) : plan_(plan) {
    const Steps& steps = plan.steps;
    const int64_t epochs_a_pass = (steps.available + steps.count - 1) / steps.count;
    begin_pass(plan.initial_epoch / epochs_a_pass);
    next_ = plan.initial_epoch % epochs_a_pass * steps.count;
  }

  bool used_up() const { return next_ >= plan_.steps.available; }
  int64_t batch() const { return plan_.steps.size(next_); }
  int64_t first_sample() const { return next_ * plan_.steps.batch; }
  const std::vector<int64_t>& order() const { return order_; }

  void advance() { ++next_; }
  void end_epoch() {
    if (used_up()) begin_pass(pass_ + 1);
  }

 private:
  void begin_pass(int64_t pass) {
    pass_ = pass;
    next_ = 0;
    order_ = epoch_order(plan_.shuffle, plan_.steps.samples, plan_.steps.batch, plan_.seed, pass);
  }

  const FitPlan& plan_;
  int64_t pass_ = 0;
  int64_t next_ = 0;  // batch of the pass
  std::vector<int64_t> order_;
};

class Training {
 public:
  Training(const Program& program, Executor& executor, StateBlock& state, BatchReader& reader, const FitPlan& plan,
           Report& report)
      : program_(program),
        executor_(executor),
        state_(state),
        reader_(reader),
        plan_(plan),
        report_(report),
        cursor_(plan) {}

  // Returns false if a signal ended the epoch early.
  Result<bool> run_epoch(FitResult* result) {
    state_.reset_metrics();
    for (int64_t step = 0; step < plan_.steps.count; ++step) {
      if (cursor_.used_up()) {
        result->ran_out = true;
        break;
      }
      if (Status status = run_step(); !status) return status.error();
      report_.step(step + 1, &state_);
      result->signal = interrupting_signal();
      if (result->signal != 0) return false;
    }
    cursor_.end_epoch();
    return true;
  }

 private:
  // The key of random operations counts optimizer steps: a run resumed from a file goes on with the next one.
  Status run_step() {
    const int64_t batch = cursor_.batch();
    const void* const* inputs = reader_.read(cursor_.order(), cursor_.first_sample(), batch);
    state_.set_random_key(plan_.seed, static_cast<uint64_t>(state_.iterations()));
    cursor_.advance();
    return executor_.run(program_.train, inputs, nullptr, batch);
  }

  const Program& program_;
  Executor& executor_;
  StateBlock& state_;
  BatchReader& reader_;
  const FitPlan& plan_;
  Report& report_;
  Cursor cursor_;
};

void add_validation(const Logs& validation, Logs* logs) {
  for (const auto& [name, value] : validation) logs->emplace_back("val_" + name, value);
  std::sort(logs->begin(), logs->end(), [](auto& a, auto& b) { return a.first < b.first; });
}

}  // namespace

Result<FitResult> fit(const Program& program, Executor& executor, StateBlock& state, BatchReader& reader,
                      const FitPlan& plan, Validation* validation, Report& report) {
  FitResult result;
  Training training(program, executor, state, reader, plan, report);
  for (int64_t epoch = plan.initial_epoch; epoch < plan.epochs; ++epoch) {
    report.begin_epoch(epoch, plan.epochs, plan.steps.count);
    const Result<bool> whole = training.run_epoch(&result);
    if (!whole) return whole.error();
    if (!*whole) {
      report.break_off();
      return result;
    }
    Logs logs = state.logs();
    if (validation != nullptr) {
      const Result<Logs> scores = evaluate(program, executor, state, validation->reader, validation->steps, nullptr);
      if (!scores) return scores.error();
      add_validation(*scores, &logs);
    }
    report.finish(logs);
    result.history.add(epoch, logs);
    result.signal = interrupting_signal();  // during validation
    if (result.signal != 0) return result;
  }
  return result;
}

}  // namespace kcc::runtime
