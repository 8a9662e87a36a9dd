// The words of a progress bar: how one moment of an epoch, evaluation or prediction reads in each style. ProgressBar
// collects the moment and decides when it is drawn. Sources: keras/src/utils/progbar.py of Keras 3, and
// tf_keras/src/utils/generic_utils.py for Keras 2; their oddities are kept.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/logs.h"

namespace kcc::runtime {

enum class BarStyle {
  kKeras3,  // colours and U+2501
  kKeras2,  // ASCII: "313/313 [====>....] - ETA: 3s"
  kPlain,   // Keras 3's, in ASCII without colours
};

struct Moment {
  int64_t current;
  int64_t target;         // 0: unknown
  bool last;              // nothing follows
  double seconds;         // since the start
  double seconds_a_step;  // without the first, which is not representative
  const Logs& values;
};

// Without a line break. What is drawn over the line before it, and what a pipe gets at the end.
std::string bar_text(BarStyle style, const Moment& moment);
std::string line_text(BarStyle style, const Moment& moment);

// Columns that a terminal needs: escape sequences take no room, a UTF-8 character one.
int64_t shown_width(const std::string& text);
// The first `columns` of the text, with all of its escape sequences.
std::string clipped(const std::string& text, int64_t columns);

}  // namespace kcc::runtime
