// bench: `kcc bench`. Links the kernels into a program that tells its calls apart, runs it on made-up data, and prints
// and writes what it measured, held against what the machine does at most.
#pragma once

#include "compiler/bench/timed_program.h"
#include "compiler/options.h"

namespace kcc {

// With options.bench.tune, after a search for faster schedules.
bool run_bench(const Options& options, const BenchSubject& subject, Diagnostics& diagnostics);

// `kcc bench --compare A.json B.json`
bool compare_benches(const Options& options, Diagnostics& diagnostics);

}  // namespace kcc
