#include "codegen/machine_peak.h"

#include <gtest/gtest.h>

namespace kcc {
namespace {

TEST(PeakMeter, FindsWhatAnyMachineDoes) {
  PeakMeter meter(2);
  meter.measure(2);
  const MachinePeak& peak = meter.peak();
  EXPECT_FALSE(peak.cpu.empty());
  EXPECT_GT(peak.flops, 1e9);
  EXPECT_LT(peak.flops, 1e13);
  EXPECT_GT(peak.memory_rate, 1e8);
  EXPECT_GT(peak.second_cache_rate, 1e9);
  const double before = peak.flops;
  meter.measure(1);
  EXPECT_GE(peak.flops, before);  // the best of all rounds
}

TEST(MachinePeak, BoundsTheTimeOfACallByWorkOrTraffic) {
  MachinePeak peak;
  peak.flops = 100;
  peak.first_cache_rate = 200;
  peak.second_cache_rate = 50;
  peak.last_cache_rate = 20;
  peak.memory_rate = 10;
  peak.first_cache_bytes = 10;
  peak.second_cache_bytes = 1000;
  peak.last_cache_bytes = 5000;
  EXPECT_EQ(peak.least_time(400, 50), 4);
  EXPECT_EQ(peak.least_time(0, 10), 0.05);
  EXPECT_EQ(peak.least_time(400, 1000), 20);
  EXPECT_EQ(peak.least_time(0, 2000), 100);
  EXPECT_EQ(peak.least_time(0, 6000), 600);
}

}  // namespace
}  // namespace kcc
