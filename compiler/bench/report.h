// BenchReport: all that one run of `kcc bench` found: printed as a table (table.h), written as JSON, read back from it
// to be compared (compare.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codegen/machine_peak.h"
#include "compiler/support/diagnostics.h"

namespace kcc {

// One call of a kernel in a step of an entry; inside a loop over time all its turns together. Seconds of a step.
struct BenchRow {
  std::string entry;     // "train", "evaluate", "predict"
  std::string phase;     // of train: "forward", "backward", "update"; else ""
  std::string call;      // "conv2d (Conv2D): conv, relu"
  std::string kernel;    // the symbol
  std::string family;    // "conv"
  std::string shape;     // of its first result
  std::string schedule;  // for people
  int64_t turns = 1;
  double flops = 0, bytes = 0;  // of a step
  double best = 0, median = 0;
  double share = 0;  // of the machine's peak: the least time it could take by its best time
};

// A whole step of an entry, without clocks around its calls.
struct BenchStep {
  std::string name;  // "train", "evaluate", "predict", "predict_one", "timed_train", ...: the same with the clocks
  int64_t batch = 0;
  double best = 0, median = 0, spread = 0;
  int64_t arena_bytes = 0;
};

struct BenchReport {
  std::string kcc;  // its version
  std::string model;
  std::string target;
  int64_t level = 2;
  int64_t batch = 0;
  MachinePeak machine;
  std::vector<BenchRow> rows;
  std::vector<BenchStep> steps;

  const BenchStep* step(const std::string& name) const;  // null: there is none
};

// One row a line. read_report(report_json(r)) is r again.
std::string report_json(const BenchReport& report);
std::optional<BenchReport> read_report(const std::string& file, Diagnostics& diagnostics);

}  // namespace kcc
