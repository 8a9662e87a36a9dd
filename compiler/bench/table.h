// The table that `kcc bench` prints: a row a kernel call, 120 columns wide.
#pragma once

#include <string>

#include "compiler/bench/report.h"

namespace kcc {

// Rows of training by phase, or of prediction where the model has no loss; what they add up to; the whole steps.
std::string bench_table(const BenchReport& report);

// `text` in at most `width` characters, its end replaced by "..." where it does not fit.
std::string cut(const std::string& text, size_t width);

// Without the unit, with the digits that count.
std::string milliseconds(double seconds);

}  // namespace kcc
