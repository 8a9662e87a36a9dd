// MachineTarget: what the kernels are compiled for.
#pragma once

#include <string>
#include <vector>

#include "Halide.h"
#include "compiler/support/diagnostics.h"

namespace kcc {

struct MachineTarget {
  Halide::Target halide;  // without asserts, bounds queries and runtime; with user context
  int lanes = 8;          // f32 lanes of a vector register
  int registers = 16;     // vector registers
  std::string name;       // as --target calls it: "host", "x86-64-v3", ...
  int level = 0;          // of the processor: more is better; for ARM alone the same
  // Features of the processor without which kernels do not run: constants of runtime/cpu.h.
  std::vector<std::string> needs;
};

// "host", "x86-64-v2", "x86-64-v3", "x86-64-v4", "arm-64-linux".
bool parse_target(const std::string& name, MachineTarget* target, Diagnostics& diagnostics);

// "x86-64-v2,x86-64-v4": targets of one program, which chooses when it starts. The best, which needs most, comes first.
// Empty after an error.
std::vector<MachineTarget> parse_targets(const std::string& names, Diagnostics& diagnostics);

// What ends the symbols of kernels for this target where a program has several: "_x86_64_v3".
std::string symbol_suffix(const MachineTarget& target);

// Whether the system's compiler can link an executable for the target: the runtime is built for this machine's kind.
bool links_here(const MachineTarget& target);

}  // namespace kcc
