#include "runtime/plot/axis.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/format.h"

namespace kcc::runtime {
namespace {

std::string labels(const Axis& axis) {
  std::vector<std::string> all;
  for (const Tick& tick : axis.ticks) all.push_back(tick.label);
  return join(all, " ");
}

TEST(Axis, HasNiceTicks) {
  EXPECT_EQ(labels(linear_axis(0, 1, 5)), "0 0.5 1.0");
  EXPECT_EQ(labels(linear_axis(0.31, 0.94, 5)), "0.4 0.6 0.8");
  EXPECT_EQ(labels(linear_axis(-3, 12, 5)), "0 5 10");
  EXPECT_EQ(labels(linear_axis(0.9971, 0.9993, 5)), "0.9970 0.9975 0.9980 0.9985 0.9990");
  EXPECT_EQ(labels(linear_axis(1e-7, 4e-7, 5)), "1e-07 2e-07 3e-07 4e-07");
  EXPECT_EQ(labels(linear_axis(100000, 400000, 5)), "1e+05 2e+05 3e+05 4e+05");
  EXPECT_EQ(labels(log_axis(3e-4, 2, 5)), "0.001 0.01 0.1 1");
  EXPECT_EQ(labels(log_axis(1e-12, 1e12, 5)), "1e-10 1e-05 1 100000 1e+10");
  EXPECT_EQ(labels(log_axis(0.02, 0.9, 5)), "0.02 0.05 0.1 0.2 0.5 1");
  EXPECT_EQ(labels(counting_axis(1, 10, 5)), "2 4 6 8 10");
  EXPECT_EQ(labels(counting_axis(1, 3, 5)), "1 2 3");
  EXPECT_EQ(labels(counting_axis(1, 1000, 5)), "200 400 600 800 1000");
  EXPECT_EQ(labels(counting_axis(7, 7, 5)), "7");
}

TEST(Axis, HoldsItsValuesWhateverTheyAre) {
  const double values[] = {-1e38, -5, -1e-30, 0, 1e-38, 1e-30, 0.1, 1, 1 + 1e-15, 3, 1e30, 1e38};
  for (const double low : values) {
    for (const double high : values) {
      if (high < low) continue;
      const Axis linear = linear_axis(low, high, 5);
      EXPECT_LT(linear.low, linear.high);
      EXPECT_GE(linear.place(low), 0);
      EXPECT_LE(linear.place(high), 1);
      EXPECT_LE(linear.ticks.size(), 12u);
      if (low <= 0 || high < 2 * low) continue;
      const Axis decades = log_axis(low, high, 5);
      EXPECT_GE(decades.place(low), 0);
      EXPECT_LE(decades.place(high), 1);
      EXPECT_LE(decades.ticks.size(), 12u);
    }
  }
}

}  // namespace
}  // namespace kcc::runtime
