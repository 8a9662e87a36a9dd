#include "runtime/distributed/rank_sums.h"

#include <gtest/gtest.h>

#include "runtime/distributed/share.h"

namespace kcc::runtime {
namespace {

// Stands for two ranks that have the same.
void twice(float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) values[i] *= 2;
}

TEST(RankSums, SumsInPlaceAndIntoOtherMemory) {
  RankSums sums(twice);
  float a[2] = {1, 2}, b[3] = {3, 4, 5}, c[3] = {0, 0, 0}, d[1] = {6};
  for (int step = 0; step < 3; ++step) {
    sums.begin_step(true, false);
    const Summand first[] = {{a, a, 2}, {b, c, 3}};
    const Summand second[] = {{d, d, 1}};
    sums.start(0, first, 2);
    sums.start(1, second, 1);
    sums.await(1);
    sums.await(0);
  }
  EXPECT_EQ(a[1], 2 * 8);
  EXPECT_EQ(b[2], 5);
  EXPECT_EQ(c[2], 10);
  EXPECT_EQ(d[0], 6 * 8);
  EXPECT_FALSE(sums.stop_agreed());
}

TEST(RankSums, AddsZerosForARankThatDoesNotCount) {
  RankSums sums([](float* values, int64_t count) {
    for (int64_t i = 0; i < count; ++i) values[i] += 1;
  });
  float a[2] = {7, 7}, b[2] = {8, 8};
  sums.begin_step(false, false);
  const Summand first[] = {{a, a, 2}}, second[] = {{b, b, 2}};
  sums.start(0, first, 1);
  sums.start(1, second, 1);
  sums.await(1);
  EXPECT_EQ(a[0], 1);
  EXPECT_EQ(b[1], 1);
}

TEST(RankSums, CarriesTheWishToStop) {
  RankSums sums(twice);
  float a[1] = {1};
  const Summand summand[] = {{a, a, 1}};
  sums.begin_step(true, true);
  sums.start(0, summand, 1);
  sums.await(0);
  EXPECT_TRUE(sums.stop_agreed());
}

TEST(Share, CoversEverySampleOnce) {
  for (int64_t size = 1; size < 7; ++size) {
    for (int64_t batch = 1; batch < 20; ++batch) {
      int64_t next = 0;
      for (int64_t rank = 0; rank < size; ++rank) {
        const Share share = share_of(batch, rank, size);
        ASSERT_GE(share.count, 1);
        ASSERT_LE(share.count, (batch + size - 1) / size);
        ASSERT_LE(share.first + share.count, batch);
        if (!share.counts) continue;
        ASSERT_EQ(share.first, next);
        next += share.count;
      }
      ASSERT_EQ(next, batch);
    }
  }
}

}  // namespace
}  // namespace kcc::runtime
