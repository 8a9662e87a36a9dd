// join: what the compiler knows of each kernel call, with what the instrumented program measured.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/bench/report.h"
#include "compiler/ir/module.h"
#include "compiler/ir/plan.h"

namespace kcc {

// What the program's `bench --json` printed, by the number of the call as emit_program counts them.
struct ProgramTimes {
  struct Call {
    int64_t call = 0, turns = 0;
    double best = 0, median = 0;
  };
  int64_t batch = 0;
  std::vector<BenchStep> steps;
  std::vector<Call> calls;
};
std::optional<ProgramTimes> read_program_times(const std::string& text, Diagnostics& diagnostics);

// A row for each call that was made. `schedules`: a text for each of the plan's kernels.
std::vector<BenchRow> join_rows(const Module& module, const Plan& plan, const std::vector<std::string>& schedules,
                                const ProgramTimes& times, const MachinePeak& machine);

}  // namespace kcc
