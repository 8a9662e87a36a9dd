// ProgramSource + KernelObjects -> executable, with the system's C++ compiler and linker. The output appears whole or
// not at all.
#pragma once

#include <string>
#include <vector>

#include "codegen/build_kernels.h"
#include "compiler/support/diagnostics.h"

namespace kcc {

struct LinkOptions {
  std::string output;       // path of the executable
  std::string runtime_dir;  // holds include/ (runtime headers, HalideRuntime.h), libkcc_runtime.a and what that needs
  MachineTarget target;     // programs: of this machine's kind
  std::string compiler;     // "": find_compiler_for() chooses
  std::string weights;      // bytes that the source takes in from "weights.bin"; "" if none
  std::string self_test;    // the same for "self_test.bin"
  int jobs = 0;             // compilers at a time; 0: as many as the process may use cores
  std::string cache_dir;    // for what libraries of another kind of machine share; "": no cache
  bool verbose = false;     // print the commands
};

// False after an error.
bool link_program(const std::string& source, const std::vector<KernelObject>& kernels, const LinkOptions& options,
                  Diagnostics& diagnostics);

}  // namespace kcc
