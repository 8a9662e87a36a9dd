#include "runtime/initialize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace kcc::runtime {
namespace {

struct TestState {
  std::vector<int64_t> extents;
  StateInfo info{};

  TestState(std::vector<int64_t> shape, Fill fill, double a, double b, int64_t seed = -1) : extents(std::move(shape)) {
    int64_t elements = 1;
    for (const int64_t extent : extents) elements *= extent;
    info.tensor = {"w", ElementType::kF32, static_cast<int32_t>(extents.size()), extents.data(), elements};
    info.fill = fill;
    info.a = a;
    info.b = b;
    info.seed = seed;
  }

  std::vector<float> fill(int64_t index = 0, uint64_t seed = 1) const {
    std::vector<float> values(static_cast<size_t>(info.tensor.elements), -99.0f);
    initialize(info, index, seed, values.data());
    return values;
  }
};

struct Moments {
  double mean = 0, deviation = 0, low = 0, high = 0;
};

Moments moments(const std::vector<float>& values) {
  Moments m;
  for (const float v : values) m.mean += v;
  m.mean /= static_cast<double>(values.size());
  for (const float v : values) m.deviation += (v - m.mean) * (v - m.mean);
  m.deviation = std::sqrt(m.deviation / static_cast<double>(values.size()));
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  m.low = *low;
  m.high = *high;
  return m;
}

TEST(Initialize, DrawsKerasDistributions) {
  struct Row {
    Fill fill;
    double a, b;
    Moments expected;  // low and high: bounds that the extremes come near to
  };
  // A normal cut off at two deviations keeps 0.87962566 of its own.
  const Row rows[] = {
      {Fill::kUniform, -0.05, 0.15, {0.05, 0.2 / std::sqrt(12.0), -0.05, 0.15}},
      {Fill::kNormal, 1.0, 0.5, {1.0, 0.5, 1.0 - 0.5 * 4.2, 1.0 + 0.5 * 4.2}},
      {Fill::kTruncatedNormal, 0.0, 0.1, {0.0, 0.087962566, -0.2, 0.2}},
      {Fill::kConstant, 3.5, 0.0, {3.5, 0.0, 3.5, 3.5}},
  };
  for (const Row& row : rows) {
    const Moments seen = moments(TestState({100, 1000}, row.fill, row.a, row.b).fill());
    const double scale = row.expected.deviation + 1e-7;
    EXPECT_NEAR(seen.mean, row.expected.mean, 0.02 * scale);
    EXPECT_NEAR(seen.deviation, row.expected.deviation, 0.02 * scale);
    const bool open = row.fill == Fill::kNormal;
    EXPECT_NEAR(seen.low, row.expected.low, (open ? 1.0 : 0.01) * scale);
    EXPECT_NEAR(seen.high, row.expected.high, (open ? 1.0 : 0.01) * scale);
    if (!open) {
      EXPECT_GE(seen.low, static_cast<float>(row.expected.low));
      EXPECT_LE(seen.high, static_cast<float>(row.expected.high));
    }
  }
}

TEST(Initialize, OrthogonalMakesTheShorterSideOrthonormal) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{40, 40}, {20, 80}, {3, 3, 8, 16}, {50, 7}, {4, 1}}) {
    const double gain = 1.5;
    const std::vector<float> w = TestState(shape, Fill::kOrthogonal, gain, 0).fill();
    const int64_t cols = shape.back(), rows = static_cast<int64_t>(w.size()) / cols;
    const bool by_rows = rows < cols;
    const int64_t count = std::min(rows, cols), length = std::max(rows, cols);
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = 0; j < count; ++j) {
        double dot = 0;
        for (int64_t k = 0; k < length; ++k) {
          dot += by_rows ? double{w[i * cols + k]} * w[j * cols + k] : double{w[k * cols + i]} * w[k * cols + j];
        }
        EXPECT_NEAR(dot, i == j ? gain * gain : 0, 1e-6) << i << " " << j;
      }
    }
  }
}

// Uniformly distributed over the orthogonal matrices: without the sign rule the diagonal would lean to one side.
TEST(Initialize, OrthogonalHasNoPreferredSign) {
  double sum = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) sum += TestState({3, 3}, Fill::kOrthogonal, 1, 0).fill(0, seed)[0];
  EXPECT_NEAR(sum / 2000, 0, 0.05);
}

// The bias of an LSTM's forget gate.
TEST(Initialize, StartsSomeElementsAsOnes) {
  TestState bias({6}, Fill::kConstant, 0.5, 0);
  bias.info.ones_first = 2;
  bias.info.ones_count = 3;
  EXPECT_EQ(bias.fill(), (std::vector<float>{0.5, 0.5, 1, 1, 1, 0.5}));
}

TEST(Initialize, IdentityIsADiagonalOfTheGain) {
  EXPECT_EQ(TestState({2, 3}, Fill::kIdentity, 2, 0).fill(), (std::vector<float>{2, 0, 0, 0, 2, 0}));
}

TEST(Initialize, DependsOnSeedAndIndexUnlessTheStateHasItsOwnSeed) {
  const TestState shared({10}, Fill::kUniform, 0, 1);
  EXPECT_EQ(shared.fill(3, 7), shared.fill(3, 7));
  EXPECT_NE(shared.fill(3, 7), shared.fill(4, 7));
  EXPECT_NE(shared.fill(3, 7), shared.fill(3, 8));
  const TestState own({10}, Fill::kUniform, 0, 1, 5);
  EXPECT_EQ(own.fill(3, 7), own.fill(4, 8));
  EXPECT_NE(own.fill(), TestState({10}, Fill::kUniform, 0, 1, 6).fill());
}

TEST(Initialize, FillsIntegersAndSeeds) {
  TestState state({4}, Fill::kConstant, 7, 0);
  state.info.tensor.type = ElementType::kI32;
  int32_t values[4] = {};
  initialize(state.info, 0, 1, values);
  EXPECT_EQ(values[3], 7);
  state.info.fill = Fill::kSeed;
  state.info.tensor.type = ElementType::kU32;
  uint32_t seeds[4] = {};
  initialize(state.info, 0, 1, seeds);
  EXPECT_NE(seeds[0], seeds[1]);
}

}  // namespace
}  // namespace kcc::runtime
