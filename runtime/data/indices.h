// Whether values can be used as indices: kernels read rows of tables at them and do not look.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>

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

// How many classes a target of class indices has: the last extent of the output with its name.
inline std::optional<int64_t> class_count(const Program& program, const TargetInfo& target) {
  for (int32_t i = 0; i < program.output_count; ++i) {
    const TensorInfo& output = program.outputs[i];
    if (std::strcmp(output.name, target.tensor.name) == 0 && output.rank > 0) return output.extents[output.rank - 1];
  }
  return std::nullopt;
}

}  // namespace kcc::runtime
