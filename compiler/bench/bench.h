// bench: `kcc bench`. Links the kernels into a program that tells its calls apart, runs it on made-up data, and prints
// and writes what it measured, held against what the machine does at most.
#pragma once

#include <string>
#include <vector>

#include "codegen/build_kernels.h"
#include "codegen/link.h"
#include "compiler/ir/module.h"
#include "compiler/options.h"

namespace kcc {

// What the stages before made: `source` is of a timed program (ProgramOptions::timed), `link` says all but the output.
struct Subject {
  const Module& module;
  const Plan& plan;
  const std::vector<KernelObject>& kernels;
  const std::string& source;
  LinkOptions link;
  std::string name;
};

bool run_bench(const Options& options, const Subject& subject, Diagnostics& diagnostics);

// `kcc bench --compare A.json B.json`
bool compare_benches(const Options& options, Diagnostics& diagnostics);

}  // namespace kcc
