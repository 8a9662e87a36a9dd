// Products of matrices: (M, K) x (K, N) -> (M, N); either operand may be given transposed, its last two dimensions
// exchanged. Dimensions before those, equal in both, count products: (B, M, K) x (B, K, N) -> (B, M, N).
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

ValueId matmul(Builder& b, ValueId x, ValueId y, bool transpose_x = false, bool transpose_y = false);

}  // namespace kcc
