// Pointwise kernels in a loop's step that also write concatenations of their results (passes/join_concats.h).
#pragma once

#include "codegen/kernels/family.h"

namespace kcc {

BuiltKernel build_beside_concat(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);

}  // namespace kcc
