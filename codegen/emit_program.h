// Plan -> ProgramSource: the generated C++ of one program. A function an entry point, a call a line, values named
// after the layers; tables as runtime/program.h wants them. The frame is codegen/templates/program.cpp.in.
#pragma once

#include <string>

#include "codegen/build_kernels.h"
#include "compiler/ir/module.h"
#include "compiler/ir/plan.h"

namespace kcc {

struct ProgramOptions {
  std::string name;  // C identifier
  int64_t default_batch = 32;
  bool has_weights = false;  // initial weights, which the file "weights.bin" beside the source holds
  bool timed = false;        // every call of a kernel says when it begins and ends (runtime/bench/call_times.h)
};

std::string emit_program(const Module& module, const Plan& plan, const ProgramOptions& options);

}  // namespace kcc
