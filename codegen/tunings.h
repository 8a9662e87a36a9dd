// Tunings that `kcc bench --tune` found and later compilations take up: kept in the kernel cache by what the kernel
// computes, the target, the batch and the machine's model. What is damaged or no longer fits is as if it were not
// there.
#pragma once

#include <vector>

#include "codegen/build_kernels.h"

namespace kcc {

// {} where nothing is known, and below -O2.
Tuning find_tuning(const Kernel& kernel, const MachineTarget& target, const BuildOptions& options);
// For the first target; one for each of the plan's kernels, in its order.
std::vector<Tuning> find_tunings(const Plan& plan, const BuildOptions& options);

// For the first target.
void keep_tuning(const Kernel& kernel, const BuildOptions& options, const Tuning& tuning);

}  // namespace kcc
