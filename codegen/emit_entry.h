// EntryPlan -> a C++ function: its values, each before the first call that needs it, and the calls, one a line. A part of
// the program that emit_program.h writes.
#pragma once

#include <string>
#include <vector>

#include "codegen/cpp/emit_kernel.h"
#include "compiler/ir/plan.h"

namespace kcc {

// Calls of kernels that are objects, on views. `first_timed` >= 0: every call tells the context when it begins and ends,
// numbered from there as calls_of has them.
std::string emit_entry(const EntryPlan& entry, const std::vector<Kernel>& kernels, int64_t first_timed = -1);
// Calls of C++ functions, one for each kernel, on pointers. Their working memory lies behind the entry's own values.
std::string emit_entry(const EntryPlan& entry, const std::vector<Kernel>& kernels,
                       const std::vector<cpp::KernelFunction>& functions);
// The bytes of working memory that the entry's calls need at once.
int64_t scratch_of(const EntryPlan& entry, const std::vector<cpp::KernelFunction>& functions);

}  // namespace kcc
