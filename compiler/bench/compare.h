// compare: two reports of `kcc bench --json`, call by call: how many times as fast the second is.
#pragma once

#include <optional>
#include <string>

#include "compiler/bench/report.h"

namespace kcc {

// Two rows are of one call when entry, layer, operations and result are the same, and it is as many-th of its kind:
// names of kernels may change from version to version. Empty, with a diagnostic, where models or batches differ.
std::optional<std::string> comparison(const BenchReport& a, const BenchReport& b, const std::string& file_a,
                                      const std::string& file_b, Diagnostics& diagnostics);

}  // namespace kcc
