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
  Report(int verbose, ProgressStyle style);

  void begin_epoch(int64_t epoch, int64_t epochs, int64_t steps);  // epoch from 0
  void begin(int64_t steps);
  // After each step; `executor` has the metrics so far, null where there are none.
  Status step(int64_t done, Executor* executor);
  void finish(const Logs& logs);
  void break_off();  // leaves an unfinished bar's line

  // A line of a callback, where Keras prints it; beside standard output where that is for machines.
  void message(const std::string& text);

 private:
  void finish_json(const Logs& logs);

  int verbose_;
  ProgressStyle style_;
  std::optional<ProgressBar> bar_;
  bool bar_open_ = false;  // something of it is on the line
  int64_t steps_ = 0;
  double start_ = 0;
  std::string epoch_;  // for json
};

// Whether text may go out as UTF-8. No locale at all counts as UTF-8, as in Python.
bool utf8_locale();

}  // namespace kcc::runtime
