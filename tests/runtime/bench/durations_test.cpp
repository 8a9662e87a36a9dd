#include "runtime/bench/durations.h"

#include <gtest/gtest.h>

#include "runtime/bench/call_times.h"

namespace kcc::runtime {
namespace {

TEST(Durations, GiveBestMedianAndSpread) {
  Durations d;
  EXPECT_EQ(d.best(), 0);
  EXPECT_EQ(d.spread(), 0);
  for (double seconds : {9.0, 2.0, 3.0, 1.0, 4.0}) d.add(seconds);
  EXPECT_EQ(d.best(), 1);
  EXPECT_EQ(d.median(), 3);
  EXPECT_EQ(d.quantile(1), 9);
  EXPECT_DOUBLE_EQ(d.spread(), 2.0 / 3.0);
  EXPECT_EQ(d.to_json(), "{\"best\": 1.0, \"median\": 3.0, \"spread\": 0.6666666666666666, \"runs\": 5}");
}

TEST(Durations, AreWrittenInTheUnitThatFits) {
  EXPECT_EQ(duration_text(1.234e-6), "1.23 us");
  EXPECT_EQ(duration_text(0.0456), "45.6 ms");
  EXPECT_EQ(duration_text(0.456), "456 ms");
  EXPECT_EQ(duration_text(12.3), "12.3 s");
}

TEST(CallTimes, AddUpTheTurnsOfACallInOneStep) {
  CallTimes times(3);
  for (int step = 0; step < 2; ++step) {
    for (int turn = 0; turn < 4; ++turn) {
      times.begin();
      times.end(2);
    }
    times.end_step();
  }
  const std::string json = times.to_json();
  EXPECT_EQ(json.find("[{\"call\": 2, \"turns\": 4, \"time\": {\"best\": "), 0u) << json;
  EXPECT_NE(json.find("\"runs\": 2}}]"), std::string::npos) << json;
}

}  // namespace
}  // namespace kcc::runtime
