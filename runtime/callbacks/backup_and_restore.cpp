// BackupAndRestore: keeps a checkpoint of the run, so that the same command goes on where a killed one was
// (keras/src/callbacks/backup_and_restore.py). Keras restores weights and the epoch; here the whole run comes back, and
// ends with the same bits as one left alone:
// - a checkpoint is one file (checkpoint.h), replaced by a rename: whatever moment the run dies, the old one or the new
//   one is there;
// - it is made after all other callbacks have seen the batch or the epoch (is_last), and holds what they remember;
// - it goes only when what the run was to write is written (on_saved), and before that the end can be repeated: the
//   end changes weights (EarlyStopping), not the checkpoint.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runtime/callbacks/arguments.h"
#include "runtime/callbacks/checkpoint.h"
#include "runtime/callbacks/record.h"
#include "runtime/files/folders.h"
#include "runtime/format.h"
#include "runtime/training.h"

namespace kcc::runtime {
namespace {

struct Settings {
  std::string backup_dir;
  int64_t save_freq = 0;  // batches; 0: 'epoch'
  bool scheduled = true;  // save_freq=False: when a signal comes alone
  bool double_checkpoint = false;
  bool delete_checkpoint = true;
};

bool exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

class BackupAndRestore : public Callback {
 public:
  explicit BackupAndRestore(Settings settings)
      : settings_(std::move(settings)),
        latest_(settings_.backup_dir + "/latest.weights.h5"),
        previous_(latest_ + ".bkp") {}

  bool is_last() const override { return true; }

  Status restore(Training& training) override {
    if (Status status = make_folder(settings_.backup_dir); !status) return status;
    if (Status status = check_writable(latest_); !status) return status;
    identity_ = identify(training);
    if (!exists(latest_) && !exists(previous_)) return {};
    const Result<std::string> path = load(training);
    if (!path) return path.error();
    training.resumed = true;
    training.trainer.warn(format("going on from %s, epoch %ld", path->c_str(), training.position.epoch + 1));
    return {};
  }

  Status on_train_batch_end(Training& training, int64_t) override {
    if (settings_.save_freq == 0 || ++batches_ < settings_.save_freq) return {};
    batches_ = 0;
    return save(training);
  }

  Status on_epoch_end(Training& training, int64_t, Logs&) override {
    return settings_.scheduled && settings_.save_freq == 0 ? save(training) : Status();
  }

  Status on_interrupt(Training& training) override { return save(training); }

  Status on_saved(Training& training) override {
    if (!settings_.delete_checkpoint || training.signal != 0) return {};
    for (const std::string& path : {latest_, previous_}) {
      if (unlink(path.c_str()) != 0 && errno != ENOENT) {
        return make_error("%s: cannot be removed: %s", path.c_str(), std::strerror(errno));
      }
    }
    rmdir(settings_.backup_dir.c_str());  // unless it holds something of the user's
    return {};
  }

  void exchange(Record& record) override { record.field("batches", &batches_); }

 private:
  // The file that served: the one before where the latest is damaged, or was not there yet when the run died.
  Result<std::string> load(Training& training) {
    if (exists(latest_)) {
      const Status status = load_checkpoint(latest_, identity_, training);
      if (status) return latest_;
      if (!exists(previous_)) return status.error();
      training.warn(status.error().message + "; trying the one before");
    }
    if (Status status = load_checkpoint(previous_, identity_, training); !status) return status.error();
    unlink(latest_.c_str());  // or it would take the place of the good one
    return previous_;
  }

  Status save(Training& training) {
    if (Status status = make_folder(settings_.backup_dir); !status) return status;
    if (settings_.double_checkpoint && exists(latest_) && std::rename(latest_.c_str(), previous_.c_str()) != 0) {
      return make_error("%s: cannot be renamed to %s: %s", latest_.c_str(), previous_.c_str(), std::strerror(errno));
    }
    return save_checkpoint(latest_, identity_, training);
  }

  Settings settings_;
  std::string latest_, previous_;
  Identity identity_;
  int64_t batches_ = 0;  // since the last save
};

Status read_save_freq(const PythonValue& value, Settings* settings) {
  const std::string* text = std::get_if<std::string>(&value.content);
  if (text != nullptr && *text == "epoch") return {};
  if (const bool* flag = std::get_if<bool>(&value.content); flag != nullptr && !*flag) {
    settings->scheduled = false;
    return {};
  }
  const int64_t* integer = std::get_if<int64_t>(&value.content);
  if (integer != nullptr && *integer > 0) {
    settings->save_freq = *integer;
    return {};
  }
  return make_error(
      "Invalid value for argument `save_freq`. Received: save_freq=%s. Expected either 'epoch' or an integer value.",
      text != nullptr ? text->c_str() : python_repr(value).c_str());
}

}  // namespace

Result<std::unique_ptr<Callback>> make_backup_and_restore(const PythonCall& call) {
  Settings settings;
  PythonValue save_freq{std::string("epoch")};
  Arguments arguments(call);
  arguments.require("backup_dir", &settings.backup_dir)
      .take("save_freq", &save_freq)
      .take("double_checkpoint", &settings.double_checkpoint)
      .take("delete_checkpoint", &settings.delete_checkpoint);
  if (Status status = arguments.finish(); !status) return status.error();
  if (settings.backup_dir.empty()) return make_error("Empty `backup_dir` argument passed");
  if (Status status = read_save_freq(save_freq, &settings); !status) return status.error();
  return std::unique_ptr<Callback>(new BackupAndRestore(std::move(settings)));
}

}  // namespace kcc::runtime
