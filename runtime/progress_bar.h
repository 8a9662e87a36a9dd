// ProgressBar: the text of Keras 3's Progbar (keras/src/utils/progbar.py), byte for byte. It writes nothing and looks
// at no clock: the caller says what time it is and prints what comes back.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/logs.h"

namespace kcc::runtime {

enum class BarStyle {
  kKeras,  // colours and U+2501
  kPlain,  // ASCII without colours
};

class ProgressBar {
 public:
  // `verbose` as in Keras: 1 draws a bar, 2 a line at the end. Times in seconds, from any fixed point.
  ProgressBar(int64_t target, int verbose, BarStyle style, double now);

  // What to print after `current` of the target's steps; often nothing. `finalize`: the last call.
  std::string update(int64_t current, const Logs& values, bool finalize, double now);

  // Whether an update at this time would draw before the last call; else its values do not matter.
  bool is_due(double now) const;

 private:
  std::string bar(int64_t current) const;
  std::string paint(const char* escape, const std::string& text) const;
  std::string draw(int64_t current, bool finalize, double now, double seconds_a_step);
  std::string line(int64_t current, double now, double seconds_a_step) const;
  std::string metrics(bool by_magnitude) const;
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
