// TensorBoard: writes what the tensorboard program shows (keras/src/callbacks/tensorboard.py): scalars of epochs and
// batches, the weights' histograms, and the model for the graph's page.
#include <time.h>

#include "runtime/callbacks/arguments.h"
#include "runtime/callbacks/record.h"
#include "runtime/format.h"
#include "runtime/tensorboard/event.h"
#include "runtime/tensorboard/event_file.h"
#include "runtime/training.h"

namespace kcc::runtime {
namespace {

struct TensorBoardOptions {
  std::string log_dir = "logs";
  int64_t histogram_freq = 0;  // epochs; 0: none
  bool write_graph = true;
  bool write_steps_per_second = false;
  int64_t update_freq = 0;  // batches; 0: "epoch"
  bool profile = false;     // asked for, and said to be ignored
};

double monotonic_seconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

class TensorBoard : public Callback {
 public:
  explicit TensorBoard(TensorBoardOptions options)
      : options_(std::move(options)),
        train_(options_.log_dir + "/train"),
        validation_(options_.log_dir + "/validation") {}

  bool only_writes() const override { return true; }

  Status on_train_begin(Training& training) override {
    if (options_.profile) training.warn("TensorBoard: profile_batch is ignored: nothing is profiled");
    if (!training.resumed && options_.write_graph)
      train_.add(keras_model_event(wall_seconds(), "keras", training.program.saved.model));
    batch_began_ = monotonic_seconds();
    return train_.flush();
  }

  Status on_epoch_begin(Training& training, int64_t) override {
    first_iteration_ = training.state.iterations();
    epoch_began_ = batch_began_ = monotonic_seconds();
    return {};
  }
  Status on_epoch_resume(Training& training, int64_t epoch) override { return on_epoch_begin(training, epoch); }

  // Keras counts batches from 1 over all epochs.
  Status on_train_batch_end(Training& training, int64_t) override {
    ++batches_;
    if (options_.update_freq == 0 || batches_ % options_.update_freq != 0) {
      if (options_.write_steps_per_second) batch_began_ = monotonic_seconds();
      return {};
    }
    if (options_.write_steps_per_second) {
      const double now = monotonic_seconds();
      scalar(train_, "batch_steps_per_second", 1 / (now - batch_began_), batches_);
      batch_began_ = now;
    }
    const Result<Logs> logs = training.batch_logs();
    if (!logs) return logs.error();
    for (const auto& [name, value] : *logs) scalar(train_, "batch_" + name, value, batches_);
    return train_.flush();
  }

  Status on_epoch_end(Training& training, int64_t epoch, Logs& logs) override {
    Logs of_training, of_validation;
    for (const auto& [name, value] : logs) {
      const bool validation = name.starts_with("val_");
      (validation ? of_validation : of_training).emplace_back(validation ? name.substr(4) : name, value);
    }
    set_log(of_training, "learning_rate", training.learning_rate());
    if (options_.write_steps_per_second) {
      const double steps = static_cast<double>(training.state.iterations() - first_iteration_);
      set_log(of_training, "steps_per_second", steps / (monotonic_seconds() - epoch_began_));
    }
    for (const auto& [name, value] : of_training) scalar(train_, "epoch_" + name, value, epoch);
    for (const auto& [name, value] : of_validation) {
      scalar(validation_, "evaluation_" + name + "_vs_iterations", value, training.state.iterations());
    }
    for (const auto& [name, value] : of_validation) scalar(validation_, "epoch_" + name, value, epoch);
    if (options_.histogram_freq > 0 && epoch % options_.histogram_freq == 0) add_histograms(training, epoch);
    if (Status status = train_.flush(); !status) return status;
    return validation_.flush();
  }

  void exchange(Record& record) override { record.field("batches", &batches_); }

 private:
  static void scalar(EventFile& file, const std::string& tag, double value, int64_t step) {
    file.add(scalar_event(wall_seconds(), step, tag, static_cast<float>(value)));
  }

  void add_histograms(Training& training, int64_t epoch) {
    for (int32_t i = 0; i < training.program.state_count; ++i) {
      const StateInfo& state = training.program.states[i];
      const bool weight = state.role == Role::kWeight || state.role == Role::kStatistic;
      if (!weight || state.tensor.type != ElementType::kF32) continue;
      train_.add(histogram_event(wall_seconds(), epoch, std::string(state.tensor.name) + "/histogram",
                                 reinterpret_cast<const float*>(training.state.data() + state.offset),
                                 state.tensor.elements));
    }
  }

  TensorBoardOptions options_;
  EventFile train_, validation_;
  int64_t batches_ = 0;
  int64_t first_iteration_ = 0;
  double epoch_began_ = 0, batch_began_ = 0;
};

// "epoch", "batch" or a number of batches.
Status read_update_freq(const PythonValue& value, int64_t* batches) {
  if (const auto* text = std::get_if<std::string>(&value.content)) {
    if (*text == "epoch") return {};
    if (*text == "batch") return *batches = 1, Status();
  }
  const auto* number = std::get_if<int64_t>(&value.content);
  if (number == nullptr || *number < 1) {
    return make_error("TensorBoard: update_freq: expected 'epoch', 'batch' or a number of batches, received %s",
                      python_repr(value).c_str());
  }
  *batches = *number;
  return {};
}

bool is_zero(const PythonValue& value) {
  const auto* number = std::get_if<int64_t>(&value.content);
  return number != nullptr && *number == 0;
}

}  // namespace

Result<std::unique_ptr<Callback>> make_tensor_board(const PythonCall& call) {
  TensorBoardOptions options;
  bool write_images = false;
  int64_t embeddings_freq = 0;
  PythonValue update_freq{std::string("epoch")}, profile_batch{int64_t{0}}, embeddings_metadata{PythonNone{}};
  Arguments arguments(call);
  arguments.take("log_dir", &options.log_dir)
      .take("histogram_freq", &options.histogram_freq)
      .take("write_graph", &options.write_graph)
      .take("write_images", &write_images)
      .take("write_steps_per_second", &options.write_steps_per_second)
      .take("update_freq", &update_freq)
      .take("profile_batch", &profile_batch)
      .take("embeddings_freq", &embeddings_freq)
      .take("embeddings_metadata", &embeddings_metadata);
  if (Status status = arguments.finish(); !status) return status.error();
  if (Status status = read_update_freq(update_freq, &options.update_freq); !status) return status.error();
  options.profile = !is_zero(profile_batch);
  const char* refused = write_images ? "write_images" : embeddings_freq != 0 ? "embeddings_freq" : nullptr;
  if (refused != nullptr) return make_error("TensorBoard: %s is not supported, leave it out", refused);
  return std::unique_ptr<Callback>(new TensorBoard(std::move(options)));
}

}  // namespace kcc::runtime
