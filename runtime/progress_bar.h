// ProgressBar: Keras's Progbar: collects values and times, and says what to print when. The words are
// progress_text.h's, byte for byte those of Keras. It writes nothing and looks at no clock: the caller says what time
// it is and prints what comes back.
#pragma once

#include "runtime/progress_text.h"

namespace kcc::runtime {

class ProgressBar {
 public:
  // `verbose` as in Keras: 1 draws a bar, 2 a line at the end. Times in seconds, from any fixed point.
  ProgressBar(int64_t target, int verbose, BarStyle style, double now);

  // What to print after `current` of the target's steps; often nothing. `finalize`: the last call. A bar wider than a
  // terminal of `columns` is cut, because a line that wrapped could not be drawn over, which is what Keras's bar does
  // to narrow terminals; the last one is whole. 0: no limit.
  std::string update(int64_t current, const Logs& values, bool finalize, double now, int64_t columns = 0);

  // Whether an update at this time would draw before the last call; else its values do not matter.
  bool is_due(double now) const;

 private:
  std::string draw(const Moment& moment, int64_t columns);
  double step_duration(int64_t current, double now);

  int64_t target_;
  int verbose_;
  BarStyle style_;
  double start_;
  double last_update_ = -1e300;
  double after_first_step_ = 0;
  bool has_first_step_ = false;
  int64_t previous_width_ = 0;
  Logs values_;
};

}  // namespace kcc::runtime
