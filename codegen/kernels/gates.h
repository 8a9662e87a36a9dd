// A product in a loop's step whose results are made unit by unit of all gates' sums (passes/join_gates.h).
#pragma once

#include "codegen/kernels/family.h"

namespace kcc {

// Gates of a product whose results are narrower than itself; else 1.
int64_t gates_of(const Kernel& product);

BuiltKernel build_gates(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);

}  // namespace kcc
