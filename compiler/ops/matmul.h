// Products of matrices: (M, K) x (K, N) -> (M, N); either operand may be given transposed, its last two dimensions
// exchanged. Dimensions before those, equal in both, count products: (B, M, K) x (B, K, N) -> (B, M, N).
// The right operand of one product may be panels (panels.h).
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

ValueId matmul(Builder& b, ValueId x, ValueId y, bool transpose_x = false, bool transpose_y = false);

}  // namespace kcc
