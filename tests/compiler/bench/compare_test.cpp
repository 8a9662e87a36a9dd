#include "compiler/bench/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "compiler/bench/table.h"

namespace kcc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

BenchRow row(const std::string& entry, const std::string& call, double best) {
  BenchRow r;
  r.entry = entry;
  r.phase = entry == "train" ? "forward" : "";
  r.call = call;
  r.kernel = "k";
  r.family = "matmul";
  r.shape = "32x10";
  r.schedule = "8 x 2 \"vectors\" of 16, padded, 3 rows";
  r.turns = 3;
  r.flops = 2e6;
  r.bytes = 1e5;
  r.best = best;
  r.median = 2 * best;
  r.share = 0.5;
  return r;
}

BenchReport report(std::vector<BenchRow> rows) {
  BenchReport r;
  r.kcc = "0.1.0";
  r.model = "digits";
  r.target = "host";
  r.batch = 32;
  r.machine.cpu = "a machine";
  r.machine.threads = 2;
  r.machine.flops = 1e11;
  r.machine.first_cache_rate = r.machine.second_cache_rate = r.machine.last_cache_rate = r.machine.memory_rate = 1e10;
  r.rows = std::move(rows);
  r.steps = {{"train", 32, 0.004, 0.005, 0.1, 1024}, {"timed_train", 32, 0.005, 0.006, 0.1, 1024}};
  return r;
}

std::string file_of(const std::string& text) {
  // Of this test alone: others run beside it.
  const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string path = (std::filesystem::path(::testing::TempDir()) / ("kcc_report_" + name + ".json")).string();
  std::ofstream(path) << text;
  return path;
}

TEST(Report, IsReadBackAsItWas) {
  const BenchReport before = report({row("train", "dense (Dense): matmul", 1.25e-5), row("predict", "copy", 3e-7)});
  Diagnostics diagnostics;
  const auto after = read_report(file_of(report_json(before)), diagnostics);
  ASSERT_TRUE(after) << diagnostics.render(false);
  EXPECT_EQ(report_json(*after), report_json(before));
  EXPECT_EQ(after->rows[0].best, 1.25e-5);
  EXPECT_EQ(after->step("train")->median, 0.005);
  EXPECT_EQ(after->step("predict"), nullptr);
}

TEST(Report, IsRefusedWhereItIsNone) {
  for (const char* text : {"{}", "[]", "{\"kcc\": 3}", "{\"loss\": [0.5]}"}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(read_report(file_of(text), diagnostics));
    EXPECT_THAT(diagnostics.render(false), HasSubstr("is not a report that this kcc bench --json wrote"));
  }
}

TEST(Comparison, MatchesCallsAndGivesRatios) {
  const BenchReport a = report({row("train", "dense: matmul", 4e-3), row("train", "dense: matmul", 1e-3),
                                row("train", "gone", 1e-3), row("predict", "dense: matmul", 2e-3)});
  BenchReport b = report({row("train", "dense: matmul", 2e-3), row("train", "dense: matmul", 1e-3),
                          row("predict", "dense: matmul", 4e-3)});
  b.machine.threads = 1;
  Diagnostics diagnostics;
  const std::string text = comparison(a, b, "A.json", "B.json", diagnostics).value_or("");
  EXPECT_THAT(text, HasSubstr("4.0000     2.0000     2.00\n"));
  EXPECT_THAT(text, HasSubstr("2.0000     4.0000     0.50\n"));
  EXPECT_THAT(text, HasSubstr("geometric mean of 3 calls: B is 1.00 times as fast as A"));
  EXPECT_THAT(text, HasSubstr("1 calls are in A alone, 0 in B alone"));
  EXPECT_THAT(text, HasSubstr("note: threads: 2 and 1"));
  EXPECT_THAT(text, HasSubstr("batch of 32"));
  EXPECT_THAT(text, Not(HasSubstr("timed_train")));
}

TEST(Comparison, RefusesOtherModelsAndBatches) {
  const BenchReport a = report({});
  BenchReport b = a;
  b.model = "mlp";
  Diagnostics model;
  EXPECT_FALSE(comparison(a, b, "A.json", "B.json", model));
  EXPECT_THAT(model.render(false), HasSubstr("B.json: error: is of the model 'mlp', but 'A.json' is of 'digits'"));
  b = a;
  b.batch = 64;
  Diagnostics batch;
  EXPECT_FALSE(comparison(a, b, "A.json", "B.json", batch));
  EXPECT_THAT(batch.render(false), HasSubstr("has batches of 64, but 'A.json' has batches of 32"));
}

TEST(Table, FitsItsWidthAndAddsUp) {
  const std::string text =
      bench_table(report({row("train", "a_layer_with_a_long_name (Dense): matmul, mul, le, and so on", 1.5e-3),
                          row("train", "dense (Dense): matmul", 2.5e-3)}));
  EXPECT_THAT(text, HasSubstr("dense: matmul   "));
  EXPECT_THAT(text, HasSubstr("all calls of that step                           4.0000\n"));
  EXPECT_THAT(text, HasSubstr("a_layer_with_a_long_name: matmul..."));
  for (size_t at = 0, end; at < text.size(); at = end + 1) {
    end = text.find('\n', at);
    EXPECT_LE(end - at, 120u) << text.substr(at, end - at);
  }
}

}  // namespace
}  // namespace kcc
