#include "runtime/state_block.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kcc::runtime {
namespace {

constexpr int64_t kPair[] = {2}, kKeyExtents[] = {4};
enum { kWeight, kRate, kTotal, kCount, kKey, kIterations, kStates };

constexpr StateInfo kInfos[kStates] = {
    {{"w", ElementType::kF32, 1, kPair, 2}, "layers/w/vars/0", Role::kWeight, 0, Fill::kConstant, 5, 0, -1},
    {{"rate", ElementType::kF32, 0, nullptr, 1}, "optimizer/vars/1", Role::kOptimizer, 64, Fill::kConstant, 0.1, 0, -1},
    {{"total", ElementType::kF32, 0, nullptr, 1}, "", Role::kMetric, 128, Fill::kConstant, 0, 0, -1},
    {{"count", ElementType::kF32, 0, nullptr, 1}, "", Role::kMetric, 192, Fill::kConstant, 0, 0, -1},
    {{"key", ElementType::kU32, 1, kKeyExtents, 4}, "", Role::kRandom, 256, Fill::kConstant, 0, 0, -1},
    {{"iterations", ElementType::kI32, 0, nullptr, 1}, "", Role::kOptimizer, 320, Fill::kConstant, 41, 0, -1},
};
constexpr float kEmbedded[] = {1, 2, 3};

Program make_program() {
  Program program{};
  program.state_count = kStates;
  program.states = kInfos;
  program.state_bytes = 384;
  program.iterations = kIterations;
  program.learning_rate = kRate;
  program.random_key = kKey;
  program.initial_weights = kEmbedded;
  return program;
}

class StateBlockTest : public testing::Test {
 protected:
  StateBlockTest() : program_(make_program()), state_(std::move(*StateBlock::allocate(program_))) {
    state_.initialize(1);
  }
  template <typename T>
  T* at(int index) {
    return reinterpret_cast<T*>(state_.data() + kInfos[index].offset);
  }

  Program program_;
  StateBlock state_;
};

TEST_F(StateBlockTest, InitializesEveryState) {
  EXPECT_EQ(reinterpret_cast<uintptr_t>(state_.data()) % 64, 0u);
  EXPECT_EQ(at<float>(kWeight)[1], 5.0f);
  EXPECT_EQ(state_.iterations(), 41);
}

TEST_F(StateBlockTest, GivesFinalValuesOnceStepsWereDone) {
  StateInfo infos[kStates];
  std::copy(std::begin(kInfos), std::end(kInfos), infos);
  infos[kTotal].final_value = kRate;
  program_.states = infos;
  *at<int32_t>(kIterations) = 0;
  state_.finalize();
  EXPECT_EQ(*at<float>(kTotal), 0.0f);
  *at<int32_t>(kIterations) = 3;
  state_.finalize();
  EXPECT_EQ(*at<float>(kTotal), 0.1f);
  EXPECT_EQ(*at<float>(kCount), 0.0f);
  program_.states = kInfos;
}

TEST_F(StateBlockTest, TakesEmbeddedWeightsInOrder) {
  state_.load_embedded(false);
  EXPECT_EQ(at<float>(kWeight)[0], 1.0f);
  EXPECT_EQ(at<float>(kWeight)[1], 2.0f);
  EXPECT_EQ(*at<float>(kRate), 0.1f);
  state_.load_embedded(true);
  EXPECT_EQ(*at<float>(kRate), 3.0f);
}

TEST_F(StateBlockTest, ResetsMetricsAlone) {
  *at<float>(kTotal) = 2.0f;
  state_.reset_metrics();
  EXPECT_EQ(*at<float>(kTotal), 0.0f);
  EXPECT_EQ(*at<float>(kWeight), 5.0f);
}

TEST_F(StateBlockTest, SpreadsSeedAndStepOverTheKey) {
  state_.set_step(0x0000000200000001, 3, 4, 8);
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(at<uint32_t>(kKey)[i], i + 1);
}

TEST_F(StateBlockTest, SetsTheLearningRateUnlessAScheduleDoes) {
  EXPECT_TRUE(state_.set_learning_rate(0.25));
  EXPECT_EQ(*at<float>(kRate), 0.25f);
  program_.learning_rate = -1;
  EXPECT_FALSE(state_.set_learning_rate(0.25));
}

}  // namespace
}  // namespace kcc::runtime
