#include "runtime/cores.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

namespace kcc::runtime {
namespace {

namespace fs = std::filesystem;

class Cores : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("cores_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void put(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  int quota(const std::string& membership) { return quota_cores(membership, root_.string()); }

  fs::path root_;
};

TEST_F(Cores, NoQuotaWithoutFiles) {
  EXPECT_EQ(quota("0::/user.slice/a\n"), 0);
  EXPECT_EQ(quota(""), 0);
  EXPECT_EQ(quota("nonsense\n:\n"), 0);
}

TEST_F(Cores, Version2RoundsUp) {
  put("a/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota("0::/a\n"), 2);
}

TEST_F(Cores, Version2MaxMeansNone) {
  put("a/cpu.max", "max 100000\n");
  EXPECT_EQ(quota("0::/a\n"), 0);
}

TEST_F(Cores, TightestOnTheWayToTheRootCounts) {
  put("a/cpu.max", "300000 100000\n");
  put("a/b/cpu.max", "max 100000\n");
  put("a/b/c/cpu.max", "800000 100000\n");
  EXPECT_EQ(quota("0::/a/b/c\n"), 3);
}

TEST_F(Cores, MountItselfCountsInsideAContainer) {
  put("cpu.max", "50000 100000\n");
  EXPECT_EQ(quota("0::/not/mounted/here\n"), 1);
}

TEST_F(Cores, Version1) {
  put("cpu,cpuacct/a/cpu.cfs_quota_us", "400000\n");
  put("cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota("4:memory:/x\n3:cpu,cpuacct:/a\n"), 4);
  put("cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(quota("4:memory:/x\n3:cpu,cpuacct:/a\n"), 0);
}

TEST_F(Cores, DefaultIsAtLeastOne) {
  EXPECT_GE(default_threads(), 1);
}

}  // namespace
}  // namespace kcc::runtime
