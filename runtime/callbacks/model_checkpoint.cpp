// ModelCheckpoint: saves the model or its weights each epoch or so many batches
// (keras/src/callbacks/model_checkpoint.py). What is written goes by the file's name: runtime/weights/weights_file.h.
#include <algorithm>
#include <cmath>

#include "runtime/callbacks/arguments.h"
#include "runtime/callbacks/file_pattern.h"
#include "runtime/callbacks/monitor.h"
#include "runtime/callbacks/record.h"
#include "runtime/files/folders.h"
#include "runtime/format.h"
#include "runtime/weights/weights_file.h"

namespace kcc::runtime {
namespace {

struct Settings {
  std::string filepath;
  Monitor monitor;
  int64_t verbose = 0;
  bool save_best_only = false;
  bool save_weights_only = false;
  int64_t save_freq = 0;  // batches; 0: 'epoch'
  int64_t period = 1;     // of Keras 2: so many epochs
  std::optional<double> initial_value_threshold;
};

class ModelCheckpoint : public Callback {
 public:
  explicit ModelCheckpoint(Settings settings)
      : settings_(std::move(settings)), best_(settings_.initial_value_threshold) {}

  bool only_writes() const override { return true; }

  // A name that cannot be formed is found here, and not, as in Keras, after the first epoch.
  Status on_train_begin(Training& training) override {
    if (Status status = settings_.monitor.begin(training, "ModelCheckpoint"); !status) return status;
    Logs logs;
    for (const std::string& name : training.log_names()) {
      if (settings_.save_freq == 0 || !name.starts_with("val_")) logs.emplace_back(name, 0.0);
    }
    logs.emplace_back("learning_rate", 0.0);
    const Result<std::string> path = file_path(0, batch_of(0), logs);
    if (!path) return path.error();
    return check_weights_name(training.program, *path);
  }

  Status on_train_batch_end(Training& training, int64_t batch) override {
    if (settings_.save_freq == 0 || ++batches_ < settings_.save_freq) return {};
    batches_ = 0;
    const Result<Logs> logs = training.batch_logs();
    return logs ? save(training, training.position.epoch, batch, *logs) : Status(logs.error());
  }

  Status on_epoch_end(Training& training, int64_t epoch, Logs& logs) override {
    if (settings_.save_freq != 0 || ++epochs_ < settings_.period) return {};
    epochs_ = 0;
    return save(training, epoch, std::nullopt, logs);
  }

  void exchange(Record& record) override {
    record.field("best", &best_);
    record.field("batches", &batches_);
    record.field("epochs", &epochs_);
  }

 private:
  std::optional<int64_t> batch_of(int64_t batch) const {
    return settings_.save_freq == 0 ? std::nullopt : std::optional<int64_t>(batch);
  }

  Result<std::string> file_path(int64_t epoch, std::optional<int64_t> batch, const Logs& logs) const {
    Fields fields = {{"epoch", epoch + 1}};
    if (batch) fields.emplace_back("batch", *batch + 1);
    for (const auto& [name, value] : logs) fields.emplace_back(name, value);
    Result<Formatted> path = format_fields(settings_.filepath, fields);
    if (!path) return make_error("ModelCheckpoint: '%s': %s", settings_.filepath.c_str(), path.error().message.c_str());
    if (path->missing.empty()) return std::move(path->text);
    return make_error("Failed to format this callback filepath: \"%s\". Reason: '%s'", settings_.filepath.c_str(),
                      path->missing.c_str());
  }

  Status save(Training& training, int64_t epoch, std::optional<int64_t> batch, const Logs& logs) {
    const Result<std::string> path = file_path(epoch, batch, logs);
    if (!path) return path.error();
    if (!is_wanted(training, epoch, logs, *path)) return {};
    if (Status status = make_folder_of(*path); !status) return status;
    if (Status status = save_weights(training.program, *path, training.state.data()); !status) return status;
    if (settings_.verbose > 0) {
      training.print(format("\nEpoch %ld: finished saving model to %s", epoch + 1, path->c_str()));
    }
    return {};
  }

  bool is_wanted(Training& training, int64_t epoch, const Logs& logs, const std::string& path) {
    if (!settings_.save_best_only) {
      say(training, format("\nEpoch %ld: saving model to %s", epoch + 1, path.c_str()));
      return true;
    }
    const char* name = settings_.monitor.monitor.c_str();
    const std::optional<double> current = settings_.monitor.value(logs);
    if (!current) {
      training.warn(format("Can save best model only with %s available.", name));
      return true;
    }
    const std::string best = best_ ? fixed(*best_) : "None";
    if (!settings_.monitor.is_improvement(*current, best_)) {
      say(training, format("\nEpoch %ld: %s did not improve from %s", epoch + 1, name, best.c_str()));
      return false;
    }
    say(training, format("\nEpoch %ld: %s improved from %s to %s, saving model to %s", epoch + 1, name, best.c_str(),
                         fixed(*current).c_str(), path.c_str()));
    best_ = current;
    return true;
  }

  void say(Training& training, const std::string& message) const {
    if (settings_.verbose > 0) training.print(message);
  }

  static std::string fixed(double value) { return std::isnan(value) ? "nan" : format("%.5f", value); }

  Settings settings_;
  std::optional<double> best_;
  int64_t batches_ = 0;  // since the last save
  int64_t epochs_ = 0;   // the same
};

Status read_save_freq(const PythonValue& value, int64_t* batches) {
  const std::string* text = std::get_if<std::string>(&value.content);
  if (text != nullptr && *text == "epoch") return {};
  const int64_t* integer = std::get_if<int64_t>(&value.content);
  if (integer == nullptr) {
    return make_error("Unrecognized save_freq: %s. Expected save_freq are 'epoch' or integer values",
                      text != nullptr ? text->c_str() : python_repr(value).c_str());
  }
  *batches = std::max<int64_t>(*integer, 1);
  return {};
}

Status check_name(const Settings& settings) {
  const std::string& path = settings.filepath;
  if (settings.save_weights_only && !path.ends_with(".weights.h5")) {
    return make_error(
        "When using `save_weights_only=True` in `ModelCheckpoint`, the filepath provided must end in `.weights.h5` "
        "(Keras weights format). Received: filepath=%s",
        path.c_str());
  }
  if (!settings.save_weights_only && !path.ends_with(".keras") && !path.ends_with(".h5")) {
    return make_error("The filepath provided must end in `.keras` (Keras model format). Received: filepath=%s",
                      path.c_str());
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Callback>> make_model_checkpoint(const PythonCall& call) {
  Settings settings;
  PythonValue save_freq{std::string("epoch")};
  Arguments arguments(call);
  arguments.require("filepath", &settings.filepath)
      .take("monitor", &settings.monitor.monitor)
      .take("verbose", &settings.verbose)
      .take("save_best_only", &settings.save_best_only)
      .take("save_weights_only", &settings.save_weights_only)
      .take("mode", &settings.monitor.mode)
      .take("save_freq", &save_freq)
      .take("initial_value_threshold", &settings.initial_value_threshold)
      .take("period", &settings.period);
  if (Status status = arguments.finish(); !status) return status.error();
  if (Status status = read_save_freq(save_freq, &settings.save_freq); !status) return status.error();
  if (Status status = check_name(settings); !status) return status.error();
  return std::unique_ptr<Callback>(new ModelCheckpoint(std::move(settings)));
}

}  // namespace kcc::runtime
