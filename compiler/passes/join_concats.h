// join_concats: after fuse, in a loop's step: a kernel that only concatenates results of one element-wise kernel
// becomes part of it, so that the gradients of a cell's gates are written once, where the next product reads them.
#pragma once

#include "compiler/passes/fuse.h"

namespace kcc {

KernelGraph join_concats(KernelGraph kernels);

}  // namespace kcc
