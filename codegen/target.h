// MachineTarget: what the kernels are compiled for.
#pragma once

#include <string>

#include "Halide.h"
#include "compiler/support/diagnostics.h"

namespace kcc {

struct MachineTarget {
  Halide::Target halide;  // without asserts, bounds queries and runtime; with user context
  int lanes = 8;          // f32 lanes of a vector register
  int registers = 16;     // vector registers
  std::string name;       // "host" spelt out, "x86-64-v3", ...
};

// "host", "x86-64-v2", "x86-64-v3", "x86-64-v4", "arm-64-linux".
bool parse_target(const std::string& name, MachineTarget* target, Diagnostics& diagnostics);

// Whether the system's compiler can link an executable for the target: the runtime is built for this machine's kind.
bool links_here(const MachineTarget& target);

}  // namespace kcc
