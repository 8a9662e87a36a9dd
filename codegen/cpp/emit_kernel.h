// Kernel -> a C++ function of its own, on top of the helpers of templates/cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ir/plan.h"

namespace kcc::cpp {

const char* element_type(DType dtype);  // "float", "bool"

struct KernelFunction {
  std::string text;          // the definition, with a comment above it
  bool takes_batch = false;  // a last argument B
  int64_t scratch = 0;       // bytes of working memory, whose start is the argument before B; 0: no such argument
};

// `comment`: what its calls say it does, a line each. The function takes its operands and results by position, dense.
KernelFunction emit_kernel(const Kernel& kernel, const std::vector<std::string>& comment);

// The helpers, once for all kernels of a source.
std::string kernel_helpers();

}  // namespace kcc::cpp
