#include "codegen/cross_compiler.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kcc {
namespace {

using testing::ElementsAre;
namespace fs = std::filesystem;

// Compilers that say what they compile for, in a PATH of the test's own.
class FindCompilerFor : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    path_ = std::getenv("PATH");
    ::setenv("PATH", folder_.c_str(), 1);
    ::unsetenv("CXX");
  }
  void TearDown() override {
    ::setenv("PATH", path_.c_str(), 1);
    ::unsetenv("CXX");
    fs::remove_all(folder_);
  }

  void add_compiler(const std::string& name, const std::string& machine) {
    std::ofstream(folder_ / name) << "#!/bin/sh\necho " << machine << "\n";
    fs::permissions(folder_ / name, fs::perms::owner_all);
  }

  std::vector<std::string> find(const std::string& target_name, const std::string& wanted = "") {
    diagnostics_ = {};
    MachineTarget target;
    EXPECT_TRUE(parse_target(target_name, &target, diagnostics_));
    return find_compiler_for(target, wanted, diagnostics_);
  }

  void expect_refusal(const std::string& message) {
    EXPECT_EQ(diagnostics_.render(false), "kcc: error: " + message + "\n");
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / ("compilers_" + std::to_string(::getpid()));
  std::string path_;
  Diagnostics diagnostics_;
};

TEST_F(FindCompilerFor, KnowsDebiansNames) {
  add_compiler("g++", "x86_64-linux-gnu");
  add_compiler("aarch64-linux-gnu-g++", "aarch64-linux-gnu");
  EXPECT_THAT(find("x86-64-v3"), ElementsAre("g++"));
  EXPECT_THAT(find("arm-64-linux"), ElementsAre("aarch64-linux-gnu-g++"));
}

TEST_F(FindCompilerFor, SaysWhatToInstall) {
  add_compiler("g++", "x86_64-linux-gnu");
  EXPECT_TRUE(find("arm-64-linux").empty());
  expect_refusal(
      "no C++ compiler for arm-64-linux found: tried aarch64-linux-gnu-g++; "
      "install one (Debian: apt install g++-aarch64-linux-gnu) or set CXX");
}

TEST_F(FindCompilerFor, AsksTheNamedOneWhatItIsFor) {
  add_compiler("clang-arm", "aarch64-unknown-linux-gnu");
  add_compiler("mine", "x86_64-pc-linux-gnu");
  ::setenv("CXX", "clang-arm --target=aarch64-linux-gnu", 1);
  EXPECT_THAT(find("arm-64-linux"), ElementsAre("clang-arm", "--target=aarch64-linux-gnu"));
  EXPECT_TRUE(find("x86-64-v2").empty());
  expect_refusal(
      "C++ compiler 'clang-arm' compiles for aarch64-unknown-linux-gnu, not for x86-64-v2; "
      "it comes from the environment variable CXX");
  EXPECT_THAT(find("x86-64-v2", "mine"), ElementsAre("mine"));
  EXPECT_TRUE(find("arm-64-linux", "mine").empty());
  expect_refusal("C++ compiler 'mine' compiles for x86_64-pc-linux-gnu, not for arm-64-linux");
  EXPECT_TRUE(find("arm-64-linux", "missing").empty());
  expect_refusal("C++ compiler 'missing' is not there or cannot be run");
}

TEST_F(FindCompilerFor, TakesToolsThatComeWithIt) {
  add_compiler("aarch64-linux-gnu-ar", "");
  add_compiler("x86_64-linux-gnu-ar", "");
  MachineTarget arm, host;
  ASSERT_TRUE(parse_target("arm-64-linux", &arm, diagnostics_) && parse_target("host", &host, diagnostics_));
  EXPECT_EQ(binary_tool({"ccache", "aarch64-linux-gnu-g++"}, arm, "ar"), "aarch64-linux-gnu-ar");
  EXPECT_EQ(binary_tool({"clang++", "--target=aarch64-linux-gnu"}, arm, "ar"), "aarch64-linux-gnu-ar");
  EXPECT_EQ(binary_tool({"g++"}, host, "ar"), "ar");
  EXPECT_EQ(binary_tool({"g++"}, host, "objcopy"), "objcopy");
}

}  // namespace
}  // namespace kcc
