#include "runtime/callbacks/registry.h"

#include <string>
#include <vector>

#include "runtime/format.h"
#include "runtime/nearest.h"

namespace kcc::runtime {

using MakeResult = Result<std::unique_ptr<Callback>>;

// Each in the file of its name.
MakeResult make_backup_and_restore(const PythonCall& call);
MakeResult make_csv_logger(const PythonCall& call);
MakeResult make_early_stopping(const PythonCall& call);
MakeResult make_history(const PythonCall& call);
MakeResult make_learning_rate_scheduler(const PythonCall& call);
MakeResult make_model_checkpoint(const PythonCall& call);
MakeResult make_progbar_logger(const PythonCall& call);
MakeResult make_reduce_lr_on_plateau(const PythonCall& call);
MakeResult make_tensor_board(const PythonCall& call);
MakeResult make_terminate_on_nan(const PythonCall& call);

namespace {

struct Row {
  const char* name;
  MakeCallback make;
};

// Sorted by name.
constexpr Row kRows[] = {
    {"BackupAndRestore", make_backup_and_restore},
    {"CSVLogger", make_csv_logger},
    {"EarlyStopping", make_early_stopping},
    {"History", make_history},
    {"LearningRateScheduler", make_learning_rate_scheduler},
    {"ModelCheckpoint", make_model_checkpoint},
    {"ProgbarLogger", make_progbar_logger},
    {"ReduceLROnPlateau", make_reduce_lr_on_plateau},
    {"TensorBoard", make_tensor_board},
    {"TerminateOnNaN", make_terminate_on_nan},
};

}  // namespace

std::vector<std::string> callback_names() {
  std::vector<std::string> names;
  for (const Row& row : kRows) names.push_back(row.name);
  return names;
}

MakeResult make_callback(const PythonCall& call) {
  for (const Row& row : kRows)
    if (call.name == row.name) return row.make(call);
  const std::vector<std::string> known = callback_names();
  const std::string hint = did_you_mean(call.name, known);
  return make_error("unknown callback '%s'%s", call.name.c_str(),
                    hint.empty() ? (", expected one of " + join(known, ", ")).c_str() : hint.c_str());
}

}  // namespace kcc::runtime
