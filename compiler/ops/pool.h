// Pooling over any number of spatial dimensions. x: (B, spatial..., C)
#pragma once

#include "compiler/ops/conv.h"

namespace kcc {

ValueId max_pool(Builder& b, ValueId x, const std::vector<int64_t>& size, const Window& window);
// Divides by how many elements of the window lie inside x, as Keras does with "same" padding.
ValueId avg_pool(Builder& b, ValueId x, const std::vector<int64_t>& size, const Window& window);

}  // namespace kcc
