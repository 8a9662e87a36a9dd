#include "compiler/bench/join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/passes/optimize.h"
#include "compiler/passes/plan.h"
#include "tests/support/recurrent_graphs.h"

namespace kcc {
namespace {

TEST(ProgramTimes, AreReadFromWhatTheProgramPrints) {
  Diagnostics diagnostics;
  const auto times = read_program_times(
      R"({"program": "p", "batch_size": 8, "threads": 2, "state_bytes": 64,
          "predict": {"batch_size": 8, "arena_bytes": 100, "time": {"best": 0.5, "median": 0.75, "spread": 0.1, "runs": 3}},
          "calls": [{"call": 4, "turns": 16, "time": {"best": 0.25, "median": 1, "spread": 0, "runs": 9}}]})",
      diagnostics);
  ASSERT_TRUE(times) << diagnostics.render(false);
  EXPECT_EQ(times->batch, 8);
  ASSERT_EQ(times->steps.size(), 1u);
  EXPECT_EQ(times->steps[0].name, "predict");
  EXPECT_EQ(times->steps[0].median, 0.75);
  ASSERT_EQ(times->calls.size(), 1u);
  EXPECT_EQ(times->calls[0].call, 4);
  EXPECT_EQ(times->calls[0].turns, 16);
  EXPECT_EQ(times->calls[0].best, 0.25);
}

TEST(ProgramTimes, AreRefusedWhereTheyAreNoJson) {
  Diagnostics diagnostics;
  EXPECT_FALSE(read_program_times("Segmentation fault", diagnostics));
  EXPECT_TRUE(diagnostics.has_errors());
}

// Every call of every entry gets its own time: numbers go on from entry to entry.
TEST(JoinRows, FindsEveryCallByItsNumber) {
  const Module module = testing::recurrent_module();
  const Plan plan = make_plan(module, {fuse(optimize(module.predict, module))}, "model");
  const std::vector<const KernelCall*> calls = calls_of(plan.entries[0]);
  ProgramTimes times;
  times.batch = 8;
  for (size_t i = 0; i < calls.size(); ++i) times.calls.push_back({static_cast<int64_t>(i), 2, 0.5, 1});
  MachinePeak machine;
  machine.flops = machine.first_cache_rate = machine.second_cache_rate = machine.last_cache_rate = machine.memory_rate =
      1e9;
  const std::vector<std::string> schedules(plan.kernels.size(), "tiles");
  const std::vector<BenchRow> rows = join_rows(module, plan, schedules, times, machine);
  ASSERT_EQ(rows.size(), calls.size());
  double flops = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].call, calls[i]->comment);
    EXPECT_EQ(rows[i].kernel, plan.kernels[static_cast<size_t>(calls[i]->kernel)].name);
    EXPECT_EQ(rows[i].entry, "predict");
    EXPECT_EQ(rows[i].schedule, "tiles");
    EXPECT_GT(rows[i].bytes, 0);
    EXPECT_DOUBLE_EQ(rows[i].share, std::max(rows[i].flops, rows[i].bytes) / 1e9 / 0.5);
    flops += rows[i].flops;
  }
  EXPECT_GT(flops, 0);
}

}  // namespace
}  // namespace kcc
