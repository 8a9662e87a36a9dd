// What generated code uses whatever its kernels are.
#pragma once

#include "runtime/context.h"
#include "runtime/denormals.h"
#include "runtime/program.h"

namespace kcc::runtime {

// Constant extents for the tables: extents<28, 28, 1>.
template <int64_t... Sizes>
inline constexpr int64_t extents[] = {Sizes..., 0};

// Whether one of the bytes, each 0 or 1, is set: whether a step has work to do.
inline bool any_of(const char* flags, int64_t count) {
  char any = 0;
  for (int64_t i = 0; i < count; ++i) any |= flags[i];
  return any != 0;
}

}  // namespace kcc::runtime
