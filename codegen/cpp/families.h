// A kernel family writes the body of one C++ function: what operands and results are called (in0, out0, B, scratch) is
// the same in all. The counterpart of codegen/kernels/family.h, whose promises about memory hold here too: every
// element of an operand that a result may overwrite is read before it is written, and once.
#pragma once

#include <cstdint>
#include <string>

#include "compiler/ir/plan.h"

namespace kcc::cpp {

struct Statements {
  std::string text;
  int64_t scratch = 0;  // floats of working memory, `scratch`
};

Statements write_pointwise(const Kernel& kernel);
// Rows and reductions.
Statements write_reduction(const Kernel& kernel);
// One product or one a sample.
Statements write_product(const Kernel& kernel);
Statements write_convolution(const Kernel& kernel);
Statements write_pool(const Kernel& kernel);
Statements write_pool_gradient(const Kernel& kernel);
Statements write_scatter(const Kernel& kernel);

}  // namespace kcc::cpp
