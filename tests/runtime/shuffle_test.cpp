#include "runtime/shuffle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace kcc::runtime {
namespace {

std::vector<int64_t> sorted(std::vector<int64_t> order) {
  std::sort(order.begin(), order.end());
  return order;
}

std::vector<int64_t> counted(int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

TEST(EpochOrder, IsEmptyWithoutShuffling) {
  EXPECT_TRUE(epoch_order(Shuffle::kNone, 10, 3, 1, 0).empty());
}

TEST(EpochOrder, IsAPermutationThatSeedAndPassDecide) {
  const auto order = epoch_order(Shuffle::kAll, 1000, 32, 1, 0);
  EXPECT_EQ(sorted(order), counted(1000));
  EXPECT_NE(order, counted(1000));
  EXPECT_EQ(order, epoch_order(Shuffle::kAll, 1000, 64, 1, 0));
  EXPECT_NE(order, epoch_order(Shuffle::kAll, 1000, 32, 2, 0));
  EXPECT_NE(order, epoch_order(Shuffle::kAll, 1000, 32, 1, 1));
}

TEST(EpochOrder, BatchKeepsEverySampleInItsBatch) {
  const auto order = epoch_order(Shuffle::kBatch, 100, 32, 1, 0);
  ASSERT_EQ(sorted(order), counted(100));
  EXPECT_NE(order, counted(100));
  for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i] / 32, static_cast<int64_t>(i) / 32);
}

// All six orders of three samples are equally likely.
TEST(EpochOrder, HasNoBias) {
  std::vector<int> counts(27);
  for (int64_t pass = 0; pass < 6000; ++pass) {
    const auto order = epoch_order(Shuffle::kAll, 3, 1, 9, pass);
    ++counts[static_cast<size_t>(order[0] * 9 + order[1] * 3 + order[2])];
  }
  for (const int count : counts) {
    if (count != 0) {
      EXPECT_NEAR(count, 1000, 120);
    }
  }
}

}  // namespace
}  // namespace kcc::runtime
