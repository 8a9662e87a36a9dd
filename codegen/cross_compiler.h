// The C++ compiler and binary tools for a target that this machine may not be.
#pragma once

#include <string>
#include <vector>

#include "codegen/target.h"
#include "compiler/support/diagnostics.h"

namespace kcc {

// The first words of the compiler's command: `wanted`, else $CXX, else what Debian calls it: c++, g++ or clang++ for
// machines like this one, aarch64-linux-gnu-g++ for ARM. It is asked what it compiles for: a compiler for another kind
// of processor is an error, and so is none. Empty after an error.
std::vector<std::string> find_compiler_for(const MachineTarget& target, const std::string& wanted,
                                           Diagnostics& diagnostics);

// What comes with the compiler of that command: "ar" is aarch64-linux-gnu-ar for aarch64-linux-gnu-g++, and for a
// compiler of another name where the target is ARM and this machine is not.
std::string binary_tool(const std::vector<std::string>& compiler, const MachineTarget& target, const std::string& tool);

}  // namespace kcc
