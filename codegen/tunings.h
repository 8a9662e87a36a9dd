// Tunings that `kcc bench --tune` found and later compilations take up: kept in the kernel cache by what the kernel
// computes, the target, the batch and the machine's model. What is damaged or no longer fits is as if it were not
// there.
#pragma once

#include <vector>

#include "codegen/build_kernels.h"

namespace kcc {

// One for each of the plan's kernels, in its order; {} where nothing is known, and below -O2.
std::vector<Tuning> find_tunings(const Plan& plan, const BuildOptions& options);

void keep_tuning(const Kernel& kernel, const BuildOptions& options, const Tuning& tuning);

}  // namespace kcc
