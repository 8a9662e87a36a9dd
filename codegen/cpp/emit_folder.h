// Plan -> a library as source: NAME.h, NAME.hpp, NAME.cpp and, where weights are embedded, NAME_weights.inc. NAME.cpp
// stands alone: kernels, tables, entries, the functions of NAME.h and the core of the runtime under a name of its own,
// so that several models meet in one program.
#pragma once

#include <map>
#include <string>

#include "codegen/emit_program.h"

namespace kcc::cpp {

// File name -> text. `core`: core_source(); `weights`: words of 32 bits, or "".
std::map<std::string, std::string> emit_folder(const Module& module, const Plan& plan, const ProgramOptions& options,
                                               const std::string& core, const std::string& weights);

}  // namespace kcc::cpp
