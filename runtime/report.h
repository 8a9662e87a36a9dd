// Report: the progress of fit, evaluate and predict on standard output, in the style that --verbose and --progress
// ask for.
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/executor.h"
#include "runtime/options.h"
#include "runtime/progress_bar.h"

namespace kcc::runtime {

class Report {
 public:
  // verbose and style as in Options.
  Report(const Program& program, int verbose, ProgressStyle style);

  void begin_epoch(int64_t epoch, int64_t epochs, int64_t steps);  // epoch from 0
  void begin(int64_t steps);
  // After each step; `executor` has the metrics so far, null where there are none.
  Status step(int64_t done, Executor* executor);
  // After an epoch's last step and before its validation: what it trained on, for speed().
  void trained(int64_t samples);
  void finish(const Logs& logs);
  void break_off();  // leaves an unfinished bar's line

  // A line of a callback, where Keras prints it; beside standard output where that is for machines.
  void message(const std::string& text);

  // How fast all the training so far was, in words; "" where nobody wants to read it or nothing was trained.
  std::string speed() const;

 private:
  void finish_json(const Logs& logs);
  Logs arranged(const Logs& logs) const;

  const Program& program_;
  int verbose_;
  ProgressStyle style_;
  std::optional<ProgressBar> bar_;
  bool bar_open_ = false;  // something of it is on the line
  int64_t steps_ = 0;
  double start_ = 0;
  int64_t samples_ = 0, all_samples_ = 0;   // of the epoch, of the run
  double training_ = 0, all_training_ = 0;  // seconds
  std::string epoch_;                       // for json
};

}  // namespace kcc::runtime
