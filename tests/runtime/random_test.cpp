#include "runtime/random.h"

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace kcc::runtime {
namespace {

using Purpose = RandomStream::Purpose;

std::vector<uint32_t> words(uint64_t seed, Purpose purpose, uint64_t index) {
  RandomStream stream(seed, purpose, index);
  std::vector<uint32_t> out(100);
  for (uint32_t& word : out) word = stream.word();
  return out;
}

TEST(RandomStream, IsAFunctionOfSeedPurposeAndIndex) {
  const auto base = words(1, Purpose::kShuffle, 2);
  EXPECT_EQ(base, words(1, Purpose::kShuffle, 2));
  EXPECT_NE(base, words(2, Purpose::kShuffle, 2));
  EXPECT_NE(base, words(uint64_t{1} << 32 | 1, Purpose::kShuffle, 2));
  EXPECT_NE(base, words(1, Purpose::kInitialize, 2));
  EXPECT_NE(base, words(1, Purpose::kShuffle, 3));
  EXPECT_NE(base, words(1, Purpose::kShuffle, uint64_t{1} << 32 | 2));
}

// Random123 is the reference; position in the stream and index make the counter, seed and purpose the key.
TEST(RandomStream, IsPhilox) {
  const uint64_t seed = 0x123456789abcdef0, index = 0xfedcba9876543210;
  r123::Philox4x32 philox;
  const auto key = philox({{static_cast<uint32_t>(Purpose::kShuffle), 0, 0, 0}}, {{0x9abcdef0, 0x12345678}});
  const auto seen = words(seed, Purpose::kShuffle, index);
  for (uint32_t block = 0; block < 25; ++block) {
    const auto expected = philox({{block, 0, 0x76543210, 0xfedcba98}}, {{key[0], key[1]}});
    for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(seen[4 * block + i], expected[i]);
  }
}

TEST(RandomStream, NormalHasMeanZeroAndDeviationOne) {
  RandomStream stream(3, Purpose::kInitialize, 0);
  constexpr int kCount = 200000;
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < kCount; ++i) {
    const double value = stream.normal();
    sum += value;
    squares += value * value;
    fourth += value * value * value * value;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.01);
  EXPECT_NEAR(squares / kCount, 1, 0.015);
  EXPECT_NEAR(fourth / kCount, 3, 0.1);
}

TEST(RandomStream, BelowReachesEveryValueEquallyOften) {
  RandomStream stream(4, Purpose::kShuffle, 0);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts[stream.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
}

}  // namespace
}  // namespace kcc::runtime
