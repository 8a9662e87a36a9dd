#include "runtime/self_test.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace kcc::runtime {
namespace {

constexpr int64_t kExtents[] = {3};
constexpr TensorInfo kFloats = {"y", ElementType::kF32, 1, kExtents, 3};
constexpr TensorInfo kIntegers = {"y", ElementType::kI32, 1, kExtents, 3};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <typename T>
OutputDifference compare(const TensorInfo& output, const std::vector<T>& expected, const std::vector<T>& got) {
  const int64_t rows = static_cast<int64_t>(expected.size()) / output.elements;
  OutputDifference difference = begin_comparison(output, rows, expected.data());
  compare_rows(output, expected.data(), got.data(), 0, rows, &difference);
  return difference;
}

TEST(SelfTest, MeasuresByTheLargestMagnitude) {
  const OutputDifference difference = compare<float>(kFloats, {1, -50, 3, 4, 5, 6}, {1, -50, 3, 4, 5.004f, 6});
  EXPECT_DOUBLE_EQ(difference.allowed, 50 * 1e-4 + 1e-6);
  EXPECT_NEAR(difference.largest, 0.004, 1e-6);
  EXPECT_EQ(difference.element, 4);
  EXPECT_EQ(difference.expected, 5);
  EXPECT_TRUE(difference.good());
  EXPECT_FALSE(compare<float>(kFloats, {1, -50, 3}, {1, -50.01f, 3}).good());
}

TEST(SelfTest, EqualIsNoDifference) {
  const OutputDifference difference = compare<float>(kFloats, {0, 0, 0}, {0, -0.0f, 0});
  EXPECT_EQ(difference.largest, 0);
  EXPECT_EQ(difference.element, -1);
  EXPECT_TRUE(difference.good());
}

TEST(SelfTest, WhatIsNoNumberMustBeTheSame) {
  struct Row {
    float expected, got;
    bool good;
  };
  for (const Row& row :
       {Row{kNan, kNan, true}, Row{kInfinity, kInfinity, true}, Row{kNan, 0, false}, Row{0, kNan, false},
        Row{kInfinity, -kInfinity, false}, Row{0, kInfinity, false}, Row{kInfinity, kNan, false}}) {
    const OutputDifference difference = compare<float>(kFloats, {1, row.expected, 2}, {1, row.got, 2});
    EXPECT_EQ(difference.good(), row.good) << row.expected << " " << row.got;
    EXPECT_EQ(difference.element, row.good ? -1 : 1);
    EXPECT_DOUBLE_EQ(difference.allowed, 2 * 1e-4 + 1e-6);  // infinity is no scale
  }
}

TEST(SelfTest, IntegersMustBeEqual) {
  EXPECT_TRUE(compare<int32_t>(kIntegers, {1000000, 2, 3}, {1000000, 2, 3}).good());
  EXPECT_FALSE(compare<int32_t>(kIntegers, {1000000, 2, 3}, {1000000, 2, 4}).good());
}

TEST(SelfTest, PiecesCountThroughAllRows) {
  const std::vector<float> expected = {1, 2, 3, 4, 5, 6, 7, 8, 9}, second = {4, 5, 6.5f, 7, 8, 9};
  OutputDifference difference = begin_comparison(kFloats, 3, expected.data());
  compare_rows(kFloats, expected.data(), expected.data(), 0, 1, &difference);
  compare_rows(kFloats, expected.data(), second.data(), 1, 2, &difference);
  EXPECT_EQ(difference.element, 5);
  EXPECT_FALSE(difference.good());
}

}  // namespace
}  // namespace kcc::runtime
