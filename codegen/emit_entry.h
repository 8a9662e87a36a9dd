// EntryPlan -> a C++ function: the views of its values, each before the first call that needs it, and the calls, one a
// line. A part of the program that emit_program.h writes.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/plan.h"

namespace kcc {

// `first_timed` >= 0: every call tells the context when it begins and ends, numbered from there as calls_of has them.
std::string emit_entry(const EntryPlan& entry, const std::vector<Kernel>& kernels, int64_t first_timed = -1);

}  // namespace kcc
