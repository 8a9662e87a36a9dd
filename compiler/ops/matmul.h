// Products of matrices: (M, K) x (K, N) -> (M, N); either operand may be given transposed.
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

ValueId matmul(Builder& b, ValueId x, ValueId y, bool transpose_x = false, bool transpose_y = false);

}  // namespace kcc
