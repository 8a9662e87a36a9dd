// The C++ compiler for a target that this machine may not be.
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

}  // namespace kcc
