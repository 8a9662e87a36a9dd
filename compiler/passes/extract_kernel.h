// extract_kernel: one group of a KernelGraph as a graph of its own, with what it reads as inputs.
#pragma once

#include "compiler/passes/fuse.h"

namespace kcc {

struct ExtractedKernel {
  Kernel kernel;                  // unnamed
  std::vector<ValueId> operands;  // values of the whole graph by position: roots, given values or views of them
};

ExtractedKernel extract_kernel(const KernelGraph& kernels, const Group& group);
// A kernel that only copies a value.
ExtractedKernel extract_copy(const KernelGraph& kernels, ValueId value);

}  // namespace kcc
