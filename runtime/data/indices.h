// Whether values can be used as indices: kernels read rows of tables at them and do not look.
#pragma once

#include <cstdint>

#include "runtime/program.h"

namespace kcc::runtime {

template <typename T>
bool all_below(const T* values, int64_t count, int64_t limit) {
  bool good = true;
  for (int64_t i = 0; i < count; ++i) good &= values[i] >= T(0) && values[i] < static_cast<T>(limit);
  return good;
}

// f32 or i32, all in [0, limit).
inline bool all_indices(const void* values, ElementType type, int64_t count, int64_t limit) {
  return type == ElementType::kF32 ? all_below(static_cast<const float*>(values), count, limit)
                                   : all_below(static_cast<const int32_t*>(values), count, limit);
}

}  // namespace kcc::runtime
