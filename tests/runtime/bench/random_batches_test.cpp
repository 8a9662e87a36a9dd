#include "runtime/bench/random_batches.h"

#include <gtest/gtest.h>

#include <set>

namespace kcc::runtime {
namespace {

constexpr int64_t kBatch = 5;
constexpr int64_t kTokens[] = {7}, kPixels[] = {3, 4}, kClasses[] = {6};

constexpr TensorInfo kInputs[] = {{"tokens", ElementType::kI32, 1, kTokens, 7, 9},
                                  {"pixels", ElementType::kF32, 2, kPixels, 12},
                                  {"flags", ElementType::kBool, 1, kTokens, 7}};
constexpr TensorInfo kOutputs[] = {{"kind", ElementType::kF32, 1, kClasses, 6}};
constexpr TensorInfo kWeight = {"kind", ElementType::kF32, 0, nullptr, 1};
constexpr TargetInfo kTargets[] = {{{"kind", ElementType::kI32, 0, nullptr, 1}, false, true, kWeight},
                                   {{"row", ElementType::kF32, 1, kClasses, 6}, true, false, kWeight}};

Program program() {
  Program p{};
  p.inputs = kInputs;
  p.input_count = 3;
  p.outputs = kOutputs;
  p.output_count = 1;
  p.targets = kTargets;
  p.target_count = 2;
  return p;
}

template <typename T>
std::set<T> values(const void* data, int64_t count) {
  return std::set<T>(static_cast<const T*>(data), static_cast<const T*>(data) + count);
}

TEST(RandomBatches, KeepTypesAndLimits) {
  Result<RandomBatches> batches = RandomBatches::create(program(), kBatch, 3);
  ASSERT_TRUE(batches);
  std::set<int32_t> tokens, kinds;
  std::set<float> pixels;
  for (int i = 0; i < 8; ++i) {
    const void* const* batch = batches->next();
    tokens.merge(values<int32_t>(batch[0], kBatch * 7));
    pixels.merge(values<float>(batch[1], kBatch * 12));
    EXPECT_LE(*values<uint8_t>(batch[2], kBatch * 7).rbegin(), 1);
    kinds.merge(values<int32_t>(batch[3], kBatch));
    const float* rows = static_cast<const float*>(batch[4]);
    for (int64_t row = 0; row < kBatch; ++row) {
      float sum = 0;
      for (int64_t c = 0; c < 6; ++c) sum += rows[row * 6 + c];
      EXPECT_EQ(sum, 1);
    }
    for (int w : {5, 6}) EXPECT_EQ(values<float>(batch[w], kBatch), std::set<float>{1});
  }
  EXPECT_EQ(tokens, (std::set<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(kinds, (std::set<int32_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(pixels.size(), 8u * kBatch * 12);  // every batch is another one
  EXPECT_GE(*pixels.begin(), 0);
  EXPECT_LE(*pixels.rbegin(), 1);
}

TEST(RandomBatches, NeedNoTargets) {
  Program p = program();
  p.target_count = 0;
  const Result<RandomBatches> batches = RandomBatches::create(p, 1, 3);
  ASSERT_TRUE(batches);
  EXPECT_EQ(batches->bytes(), 8 * (7 * 4 + 12 * 4 + 7));
}

}  // namespace
}  // namespace kcc::runtime
