// LearningRateScheduler: computes the learning rate of each epoch (keras/src/callbacks/learning_rate_scheduler.py). The
// schedule is an expression in `epoch` and `lr`, or a lambda of them.
#include "runtime/callbacks/arguments.h"
#include "runtime/callbacks/expression.h"
#include "runtime/format.h"
#include "runtime/training.h"

namespace kcc::runtime {
namespace {

class LearningRateScheduler : public Callback {
 public:
  LearningRateScheduler(Expression schedule, int64_t verbose) : schedule_(std::move(schedule)), verbose_(verbose) {}

  Status on_train_begin(Training& training) override { return training.check_learning_rate_settable(); }

  Status on_epoch_begin(Training& training, int64_t epoch) override {
    const Result<PythonNumber> value = schedule_.evaluate({epoch, training.learning_rate()});
    if (!value) return make_error("LearningRateScheduler: epoch %ld: %s", epoch, value.error().message.c_str());
    const double* rate = std::get_if<double>(&*value);
    if (rate == nullptr) {
      return make_error("The output of the `schedule` function should be a float. Got: %s", print(*value).c_str());
    }
    if (Status status = training.set_learning_rate(*rate); !status) return status;
    if (verbose_ > 0) {
      training.print(format("\nEpoch %ld: LearningRateScheduler setting learning rate to %s.", epoch + 1,
                            python_repr(*rate).c_str()));
    }
    return {};
  }

  Status on_epoch_end(Training& training, int64_t, Logs& logs) override {
    set_log(logs, "learning_rate", training.learning_rate());
    return {};
  }

 private:
  Expression schedule_;
  int64_t verbose_;
};

// As text, or as a lambda with names of its own.
Result<Expression> read_schedule(const PythonValue& value) {
  if (const std::string* text = std::get_if<std::string>(&value.content)) {
    return Expression::parse(*text, {"epoch", "lr"});
  }
  if (const PythonLambda* lambda = std::get_if<PythonLambda>(&value.content)) {
    if (lambda->parameters.size() <= 2) return Expression::parse(lambda->body, lambda->parameters);
    return make_error("expected a lambda of epoch, or of epoch and lr, received %zu parameters",
                      lambda->parameters.size());
  }
  return make_error("expected an expression such as '0.1 * 0.5 ** floor(epoch / 10)', received %s",
                    python_repr(value).c_str());
}

}  // namespace

Result<std::unique_ptr<Callback>> make_learning_rate_scheduler(const PythonCall& call) {
  PythonValue schedule;
  int64_t verbose = 0;
  Arguments arguments(call);
  arguments.require("schedule", &schedule).take("verbose", &verbose);
  if (Status status = arguments.finish(); !status) return status.error();
  Result<Expression> expression = read_schedule(schedule);
  if (!expression) return make_error("LearningRateScheduler: schedule: %s", expression.error().message.c_str());
  return std::unique_ptr<Callback>(new LearningRateScheduler(std::move(*expression), verbose));
}

}  // namespace kcc::runtime
