#include "codegen/target.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kcc {
namespace {

using testing::ElementsAre;

std::vector<std::string> names_of(const std::string& list) {
  Diagnostics diagnostics;
  std::vector<std::string> names;
  for (const MachineTarget& target : parse_targets(list, diagnostics)) names.push_back(target.name);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.render(false);
  return names;
}

TEST(ParseTargets, PutsTheBestFirst) {
  EXPECT_THAT(names_of("x86-64-v2,x86-64-v4,x86-64-v3"), ElementsAre("x86-64-v4", "x86-64-v3", "x86-64-v2"));
  EXPECT_THAT(names_of("x86-64-v3"), ElementsAre("x86-64-v3"));
  EXPECT_THAT(names_of("arm-64-linux"), ElementsAre("arm-64-linux"));
}

TEST(ParseTargets, RefusesWhatIsNoSetOfTargets) {
  const std::pair<const char*, const char*> rows[] = {
      {"x86-64-v5", "unknown target 'x86-64-v5', expected one of 'host', 'arm-64-linux', "},
      {"", "unknown target ''"},
      {"x86-64-v3,", "unknown target ''"},
      {"x86-64-v3,x86-64-v3", "target 'x86-64-v3' is named twice in --target=x86-64-v3,x86-64-v3"},
      {"x86-64-v3,arm-64-linux", "targets 'x86-64-v3' and 'arm-64-linux' are of different kinds of processors"}};
  for (const auto& [list, message] : rows) {
    Diagnostics diagnostics;
    EXPECT_TRUE(parse_targets(list, diagnostics).empty()) << list;
    ASSERT_EQ(diagnostics.errors().size(), 1u) << list;
    EXPECT_THAT(diagnostics.errors()[0].message, testing::StartsWith(message));
  }
}

TEST(ParseTargets, SaysWhatKernelsNeed) {
  Diagnostics diagnostics;
  const std::vector<MachineTarget> levels = parse_targets("x86-64-v2,x86-64-v3,x86-64-v4", diagnostics);
  ASSERT_EQ(levels.size(), 3u);
  EXPECT_THAT(levels[0].needs, ElementsAre("kCpuLevel4"));
  EXPECT_THAT(levels[1].needs, ElementsAre("kCpuLevel3"));
  EXPECT_THAT(levels[2].needs, ElementsAre("kCpuLevel2"));
  EXPECT_EQ(symbol_suffix(levels[1]), "_x86_64_v3");
  EXPECT_TRUE(parse_targets("arm-64-linux", diagnostics)[0].needs.empty());
}

// A row of needs for each feature: what a program for this machine's processor needs must begin with a level.
TEST(ParseTargets, KnowsTheNeedsOfThisMachine) {
  Diagnostics diagnostics;
  const std::vector<MachineTarget> host = parse_targets("host", diagnostics);
  if (host[0].halide.arch != Halide::Target::X86) GTEST_SKIP() << "this machine is no x86";
  ASSERT_FALSE(host[0].needs.empty());
  EXPECT_THAT(host[0].needs[0], testing::StartsWith("kCpuLevel"));
}

}  // namespace
}  // namespace kcc
