// Plan -> KernelObjects: compiles every distinct kernel to a relocatable object, several at a time, each found again
// in the cache by what it computes. The only file that catches Halide's exceptions.
// The symbol is the kernel's name, hidden, and with several targets ends in the target's; the cache keeps objects under
// a neutral name, so that programs share them.
#pragma once

#include <string>
#include <vector>

#include "codegen/kernel_notes.h"
#include "codegen/kernels/family.h"
#include "compiler/ir/plan.h"
#include "compiler/support/diagnostics.h"

namespace kcc {

struct BuildOptions {
  std::vector<MachineTarget> targets;  // one at least; every kernel is compiled for each
  ScheduleOptions schedule;
  int jobs = 0;           // 0: as many as the process may use cores
  std::string cache_dir;  // "": no cache
  std::vector<Tuning> tunings = {};  // of each kernel; empty: those that the cache has (tunings.h)
};

struct KernelObject {
  std::string name;   // the symbol
  size_t kernel = 0;  // index into the plan's
  std::string bytes;  // an ELF object
  KernelNotes notes;
  double seconds = 0;  // spent compiling; 0 if it came from the cache
  bool from_cache = false;
};

// In the plan's order, each for all targets; the same bytes whatever options.jobs. Empty if there are errors.
std::vector<KernelObject> build_kernels(const Plan& plan, const BuildOptions& options, Diagnostics& diagnostics);

// What each kernel's schedule chose under options.tunings, and could have chosen instead.
std::vector<std::vector<Choice>> kernel_choices(const Plan& plan, const BuildOptions& options);

enum class KernelText { kStmt, kLlvm, kAssembly };
// What one stage of Halide made of each kernel, for --emit=stmt|llvm|asm.
std::string kernel_text(const Plan& plan, const BuildOptions& options, KernelText form, Diagnostics& diagnostics);

}  // namespace kcc
