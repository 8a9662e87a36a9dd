#include "compiler/passes/plan_memory.h"

#include <algorithm>
#include <numeric>

#include "compiler/support/check.h"

namespace kcc {
namespace {

constexpr int64_t kAlignment = 64;  // bytes; whatever the batch, every value starts on a line of the cache

int64_t bytes_of(const Lifetime& value) {
  int64_t bytes = element_count(value.type.shape).size;
  KCC_CHECK(!__builtin_mul_overflow(bytes, size_of(value.type.dtype), &bytes), "a value of more than 2^63 bytes");
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

bool is_batched(const Lifetime& value) {
  return element_count(value.type.shape).batched;
}
bool overlap(const Lifetime& a, const Lifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

// The lowest gap that is free for the whole lifetime, large values first: within a few per cent of the bound in
// practice, and near-linear for the sizes of networks.
int64_t pack(std::vector<Lifetime>& values, bool batched, int64_t Lifetime::*offset) {
  std::vector<size_t> order;
  for (size_t i = 0; i < values.size(); ++i)
    if (is_batched(values[i]) == batched) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return bytes_of(values[a]) > bytes_of(values[b]); });
  std::vector<size_t> placed;  // by offset
  int64_t top = 0;
  for (size_t i : order) {
    int64_t start = 0;
    for (size_t p : placed) {
      if (!overlap(values[i], values[p])) continue;
      if (values[p].*offset >= start + bytes_of(values[i])) break;
      start = std::max(start, values[p].*offset + bytes_of(values[p]));
    }
    values[i].*offset = start;
    top = std::max(top, start + bytes_of(values[i]));
    const auto after = std::upper_bound(placed.begin(), placed.end(), start,
                                        [&](int64_t s, size_t p) { return s < values[p].*offset; });
    placed.insert(after, i);
  }
  return top;
}

}  // namespace

ArenaSize liveness_bound(const std::vector<Lifetime>& values) {
  ArenaSize bound;
  for (const Lifetime& at : values) {
    ArenaSize alive;
    for (const Lifetime& value : values) {
      if (value.first > at.first || value.last < at.first) continue;
      (is_batched(value) ? alive.per_batch : alive.fixed) += bytes_of(value);
    }
    bound.fixed = std::max(bound.fixed, alive.fixed);
    bound.per_batch = std::max(bound.per_batch, alive.per_batch);
  }
  return bound;
}

ArenaSize plan_memory(std::vector<Lifetime>& values) {
  ArenaSize size;
  size.fixed = pack(values, false, &Lifetime::fixed_offset);
  size.per_batch = pack(values, true, &Lifetime::batch_offset);
  for (Lifetime& value : values)
    if (is_batched(value)) value.fixed_offset = size.fixed;
  return size;
}

}  // namespace kcc
