// join_gates: after fuse, in a loop's step: a product whose only reader is one element-wise kernel that takes it apart
// gate by gate becomes part of that kernel: the gates' sums stay in registers.
#pragma once

#include "compiler/passes/fuse.h"

namespace kcc {

KernelGraph join_gates(KernelGraph kernels);

}  // namespace kcc
