#include "codegen/tunings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "codegen/kernel_key.h"
#include "codegen/kernels/schedule.h"
#include "tests/codegen/tiny_plan.h"

namespace kcc {
namespace {

namespace fs = std::filesystem;

class Tunings : public ::testing::Test {
 protected:
  Tunings() {
    options_.targets = {target_for_tests()};
    options_.cache_dir = folder_.string();
  }
  ~Tunings() override { fs::remove_all(folder_); }

  std::string schedule() {
    Diagnostics diagnostics;
    const std::vector<KernelObject> kernels = build_kernels(plan_, options_, diagnostics);
    EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.render(false);
    return kernels.empty() ? "" : kernels[0].notes.schedule;
  }

  const fs::path folder_ = fs::path(::testing::TempDir()) / ("tunings_" + std::to_string(::getpid()));
  const Plan plan_ = tiny_plan().plan;
  BuildOptions options_;
};

TEST_F(Tunings, AreTakenUpByLaterCompilations) {
  const std::string usual = schedule();
  EXPECT_THAT(usual, ::testing::HasSubstr("8 x 1 vectors"));
  keep_tuning(plan_.kernels[0], options_, {{"rows", 4}});
  EXPECT_EQ(find_tunings(plan_, options_), (std::vector<Tuning>{{{"rows", 4}}}));
  EXPECT_THAT(schedule(), ::testing::HasSubstr("4 x 1 vectors"));
  // Named after its model the kernel is the same.
  Plan renamed = plan_;
  renamed.kernels[0].name = "other";
  EXPECT_EQ(find_tunings(renamed, options_)[0].size(), 1u);
  // Taken back.
  keep_tuning(plan_.kernels[0], options_, {});
  EXPECT_EQ(schedule(), usual);
}

TEST_F(Tunings, AreOfOneBatchOneLevelAndOneCache) {
  keep_tuning(plan_.kernels[0], options_, {{"rows", 4}});
  BuildOptions other = options_;
  other.schedule.batch = 64;
  EXPECT_TRUE(find_tunings(plan_, other)[0].empty());
  other = options_;
  other.schedule.level = 1;
  EXPECT_TRUE(find_tunings(plan_, other)[0].empty());
  other.schedule.level = 3;
  EXPECT_FALSE(find_tunings(plan_, other)[0].empty());
  other.cache_dir = "";
  EXPECT_TRUE(find_tunings(plan_, other)[0].empty());
}

TEST_F(Tunings, ThatDoNotFitAreNotTaken) {
  const std::string usual = schedule();
  for (const Tuning& tuning : {Tuning{{"rows", 99}}, Tuning{{"rows", -1}}, Tuning{{"colour", 3}}}) {
    keep_tuning(plan_.kernels[0], options_, tuning);
    EXPECT_EQ(schedule(), usual) << to_string(tuning);
  }
}

TEST_F(Tunings, ThatAreDamagedAreNone) {
  keep_tuning(plan_.kernels[0], options_, {{"rows", 4}});
  for (const auto& file : fs::recursive_directory_iterator(folder_))
    if (file.is_regular_file()) fs::resize_file(file.path(), file.file_size() - 1);
  EXPECT_TRUE(find_tunings(plan_, options_)[0].empty());
}

TEST_F(Tunings, AreTextAndBack) {
  const Tuning tuning{{"columns", 12}, {"rows", 4}};
  EXPECT_EQ(to_string(tuning), "columns=12 rows=4");
  EXPECT_EQ(parse_tuning("columns=12 rows=4"), tuning);
  EXPECT_TRUE(parse_tuning("nothing here").empty());
}

TEST_F(Tunings, KernelsTellTheirChoices) {
  options_.tunings = {{}};
  const auto choices = kernel_choices(plan_, options_);
  ASSERT_EQ(choices.size(), 1u);
  ASSERT_EQ(choices[0].size(), 1u);
  EXPECT_EQ(choices[0][0].name, "rows");
  EXPECT_EQ(choices[0][0].taken, 8);
  EXPECT_THAT(choices[0][0].others, ::testing::Contains(4));
  EXPECT_THAT(choices[0][0].others, ::testing::Not(::testing::Contains(8)));
}

TEST(Choices, TakeTheTunedNumberWhereItIsLegal) {
  ScheduleOptions options;
  options.tuning = {{"rows", 4}, {"block", 7}};
  Choices choices(options);
  EXPECT_EQ(choices.pick("rows", 6, {2, 4, 6}), 4);
  EXPECT_EQ(choices.pick("block", 128, {64, 128}), 128);
  EXPECT_EQ(choices.pick("columns", 5, {5, 6}), 5);
  EXPECT_EQ(choices.pick("rows", 5, {4}), 4);  // the usual number is always legal
  ASSERT_EQ(choices.taken().size(), 4u);
  EXPECT_EQ(choices.taken()[0].others, (std::vector<int64_t>{2, 6}));
  EXPECT_EQ(choices.taken()[3].others, (std::vector<int64_t>{5}));
}

}  // namespace
}  // namespace kcc
