// TimedProgram: an instrumented program in a temporary folder, to be run on made-up data as often as wanted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codegen/build_kernels.h"
#include "codegen/link.h"
#include "compiler/bench/join.h"
#include "compiler/support/work_folder.h"

namespace kcc {

// What the stages before made: `source` is of a timed program (ProgramOptions::timed), `build` says how `kernels` were
// compiled, `link` all but the output.
struct BenchSubject {
  const Module& module;
  const Plan& plan;
  const std::vector<KernelObject>& kernels;
  const std::string& source;
  BuildOptions build;
  LinkOptions link;
  std::string name;
};

class TimedProgram {
 public:
  // Null, with a diagnostic, if it cannot be linked.
  static std::unique_ptr<TimedProgram> link(const BenchSubject& subject, const std::vector<KernelObject>& kernels,
                                            Diagnostics& diagnostics);

  // `seconds` for each measurement.
  std::optional<ProgramTimes> run(int threads, double seconds, Diagnostics& diagnostics) const;

 private:
  TimedProgram();
  WorkFolder work_;
  std::string program_;
};

}  // namespace kcc
