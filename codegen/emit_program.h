// Plan -> ProgramSource: the generated C++ of one program. A function an entry point, a call a line, values named
// after the layers; tables as runtime/program.h wants them. The frame is codegen/templates/program.cpp.in.
#pragma once

#include <string>
#include <vector>

#include "codegen/build_kernels.h"
#include "codegen/self_test_layout.h"
#include "compiler/ir/module.h"
#include "compiler/ir/plan.h"

namespace kcc {

struct ProgramOptions {
  std::string name;  // C identifier
  int64_t default_batch = 32;
  bool kernels_as_cpp = false;  // functions in the source; else objects beside it
  bool has_weights = false;  // initial weights, which the file "weights.bin" beside the source holds
  // That the kernels are compiled for, best first; none: whoever compiles the source knows.
  std::vector<MachineTarget> targets = {};
  SelfTestLayout self_test = {};  // of the file "self_test.bin", beside the source as well
  bool timed = false;        // every call of a kernel says when it begins and ends (runtime/bench/call_times.h)
};

// How the outside reaches the program.
struct ProgramInterface {
  const std::vector<KernelObject>* scratch;  // null: the program need not know its kernels' scratch
  std::string includes;  // lines before everything else
  std::string core;      // of the runtime as source, where nothing else is linked
  std::string text;      // after the tables: closes their namespace
  bool trainer;          // with what only the trainer uses: files of the whole model, pictures
};

std::string emit_source(const Module& module, const Plan& plan, const ProgramOptions& options,
                        const ProgramInterface& interface);

// The interface of a trainer: main().
std::string emit_program(const Module& module, const Plan& plan, const ProgramOptions& options);

}  // namespace kcc
