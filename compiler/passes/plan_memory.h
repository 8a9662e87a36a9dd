// plan_memory: offsets in one arena for values that live for part of an entry. A value's size is linear in the batch;
// those that grow with it and those that do not are packed apart, so every offset is linear in the batch too:
//   byte = fixed_offset + batch_offset * batch, the fixed part first.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/type.h"

namespace kcc {

struct Lifetime {
  Type type;
  int64_t first = 0, last = 0;  // calls, inclusive: written by the first, last read by the last
  // results
  int64_t fixed_offset = 0, batch_offset = 0;
};

struct ArenaSize {
  int64_t fixed = 0;      // bytes
  int64_t per_batch = 0;  // bytes a sample
};

// Lower bound of any packing: the largest sum of what is alive during one call.
ArenaSize liveness_bound(const std::vector<Lifetime>& values);
ArenaSize plan_memory(std::vector<Lifetime>& values);

}  // namespace kcc
