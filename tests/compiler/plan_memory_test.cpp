#include "compiler/passes/plan_memory.h"

#include <gtest/gtest.h>

#include <random>

namespace kcc {
namespace {

Lifetime value(const Shape& shape, int64_t first, int64_t last) {
  Lifetime lifetime;
  lifetime.type = {DType::kF32, shape};
  lifetime.first = first;
  lifetime.last = last;
  return lifetime;
}

TEST(PlanMemory, SharesBytesOfValuesThatNeverMeet) {
  std::vector<Lifetime> values{value(batched_shape({16}), 0, 1), value(batched_shape({16}), 2, 3)};
  EXPECT_EQ(plan_memory(values).per_batch, 64);
}

TEST(PlanMemory, KeepsApartWhatIsReadAndWrittenByOneCall) {
  std::vector<Lifetime> values{value(batched_shape({16}), 0, 1), value(batched_shape({16}), 1, 2)};
  EXPECT_EQ(plan_memory(values).per_batch, 128);
}

TEST(PlanMemory, PutsFixedValuesBeforeThoseOfTheBatch) {
  std::vector<Lifetime> values{value(fixed_shape({3}), 0, 1), value(batched_shape({1}), 0, 1)};
  const ArenaSize size = plan_memory(values);
  EXPECT_EQ(size.fixed, 64);
  EXPECT_EQ(values[1].fixed_offset, 64);
}

TEST(PlanMemory, NeverOverlapsLiveValuesAndStaysNearTheBound) {
  std::mt19937 generator(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> values;
    for (int i = 0; i < 60; ++i) {
      const int64_t first = generator() % 100, length = generator() % (generator() % 4 ? 5 : 90);
      values.push_back(value(batched_shape({static_cast<int64_t>(1 + generator() % 1000)}), first, first + length));
    }
    const ArenaSize size = plan_memory(values);
    for (const Lifetime& a : values) {
      for (const Lifetime& b : values) {
        if (&a == &b || a.last < b.first || b.last < a.first) continue;
        const int64_t bytes = (element_count(a.type.shape).size * 4 + 63) / 64 * 64;
        EXPECT_TRUE(a.batch_offset + bytes <= b.batch_offset || a.batch_offset > b.batch_offset);
      }
    }
    EXPECT_LE(size.per_batch, liveness_bound(values).per_batch * 1.25);
  }
}

}  // namespace
}  // namespace kcc
