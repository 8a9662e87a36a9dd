#include "codegen/link.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "codegen/emit_program.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codegen/tiny_plan.h"

namespace kcc {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Standard output of a command.
std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  char part[4096];
  for (size_t n; (n = std::fread(part, 1, sizeof(part), pipe)) > 0;) text.append(part, n);
  ::pclose(pipe);
  return text;
}

class Link : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("link_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    options_.output = (folder_ / "program").string();
    options_.runtime_dir = KCC_RUNTIME_DIR;
    options_.target = target_for_tests();
    ::unsetenv("CXX");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename());
    return names;
  }

  // The tiny program with the test's trainer_main.
  bool link() {
    const TinyPlan tiny = tiny_plan();
    BuildOptions build;
    build.targets = {target_for_tests()};
    std::vector<KernelObject> kernels = build_kernels(tiny.plan, build, diagnostics_);
    KernelObject trainer;
    trainer.bytes = read(FAKE_TRAINER);
    kernels.push_back(trainer);
    return link_program(emit_program(tiny.module, tiny.plan, {"tiny", 32}), kernels, options_, diagnostics_);
  }

  void expect_refusal(const std::string& message) {
    EXPECT_FALSE(link());
    ASSERT_EQ(diagnostics_.errors().size(), 1u);
    EXPECT_THAT(diagnostics_.render(false), HasSubstr(message));
  }

  fs::path folder_;
  LinkOptions options_;
  Diagnostics diagnostics_;
};

// As fake_trainer.cpp.
float pattern(size_t i) {
  return static_cast<float>(static_cast<int64_t>(i) * 7 % 17 - 8) / 8;
}

std::vector<float> dense_relu(const std::vector<float>& x, size_t batch, size_t state) {
  std::vector<float> y(batch * 4);
  for (size_t n = 0; n < batch; ++n) {
    for (size_t c = 0; c < 4; ++c) {
      float sum = pattern(c + state + 1);
      for (size_t k = 0; k < 4; ++k) sum += x[n * 4 + k] * pattern(k * 4 + c + state);
      y[n * 4 + c] = std::max(sum, 0.0f);
    }
  }
  return y;
}

std::string expected(size_t batch) {
  std::vector<float> x(batch * 4);
  for (size_t i = 0; i < x.size(); ++i) x[i] = pattern(i);
  std::string text = "tiny 0\n";
  char line[64];
  for (float value : dense_relu(dense_relu(x, batch, 0), batch, 2)) {
    std::snprintf(line, sizeof(line), "%a\n", static_cast<double>(value));
    text += line;
  }
  return text;
}

TEST_F(Link, ProgramComputesForAnyBatchAndThreads) {
  ASSERT_TRUE(link()) << diagnostics_.render(false);
  for (size_t batch : {1, 3, 32, 5000}) {
    for (int threads : {1, 4}) {
      const std::string command = options_.output + " " + std::to_string(batch) + " " + std::to_string(threads);
      EXPECT_EQ(output_of(command), expected(batch)) << command;
    }
  }
  EXPECT_EQ(entries(), std::vector<std::string>{"program"});
}

TEST_F(Link, ProgramIsSmallAndStandsAlone) {
  ASSERT_TRUE(link()) << diagnostics_.render(false);
  const bool instrumented = std::string(KCC_SANITIZE).size() > 0;
  EXPECT_TRUE(instrumented || fs::file_size(options_.output) < 200000) << fs::file_size(options_.output);
  EXPECT_TRUE(::access(options_.output.c_str(), X_OK) == 0);
  EXPECT_THAT(output_of("readelf -d " + options_.output + " | grep NEEDED"), testing::Not(HasSubstr("libstdc++")));
  const std::string headers = output_of("readelf -lW " + options_.output);
  EXPECT_THAT(headers, HasSubstr("GNU_RELRO"));
  EXPECT_THAT(output_of("readelf -lW " + options_.output + " | grep GNU_STACK"), testing::Not(HasSubstr("E")))
      << headers;
  EXPECT_EQ(output_of("nm " + options_.output + " 2>/dev/null"), "");
}

TEST_F(Link, SameInputSameBytes) {
  ASSERT_TRUE(link()) << diagnostics_.render(false);
  const std::string first = read(options_.output);
  fs::create_directories(folder_ / "else" / "where");
  options_.output = (folder_ / "else" / "where" / "other").string();
  ASSERT_TRUE(link()) << diagnostics_.render(false);
  EXPECT_TRUE(first == read(options_.output));
  EXPECT_EQ(first.find(folder_.string()), std::string::npos);
}

TEST_F(Link, OutputThroughALinkStaysALink) {
  std::ofstream(folder_ / "real") << "old";
  fs::create_symlink("real", folder_ / "program");
  ASSERT_TRUE(link()) << diagnostics_.render(false);
  EXPECT_TRUE(fs::is_symlink(folder_ / "program"));
  EXPECT_GT(fs::file_size(folder_ / "real"), 1000u);
}

TEST_F(Link, FailureLeavesTheOldOutput) {
  std::ofstream(options_.output) << "old";
  EXPECT_FALSE(link_program("#error broken", {}, options_, diagnostics_));
  EXPECT_THAT(diagnostics_.render(false), HasSubstr("broken"));
  EXPECT_EQ(read(options_.output), "old");
  EXPECT_EQ(entries(), std::vector<std::string>{"program"});
}

TEST_F(Link, ReportsACompilerThatIsNotThere) {
  options_.compiler = "/no/such/compiler";
  expect_refusal("C++ compiler '/no/such/compiler' is not there");
}

TEST_F(Link, TakesTheCompilerFromTheEnvironment) {
  ::setenv("CXX", "no-such-compiler -flag", 1);
  expect_refusal("'no-such-compiler' is not there or cannot be run; it comes from the environment variable CXX");
}

TEST_F(Link, SaysWhatToInstall) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  expect_refusal("tried c++, g++, clang++; install one (Debian: apt install g++) or set CXX");
  ::setenv("PATH", path.c_str(), 1);
}

TEST_F(Link, RefusesOutputsThatAreNoFiles) {
  struct Row {
    std::string output;
    const char* message;
  };
  for (const Row& row : {Row{folder_.string(), "the output is a folder"}, Row{"/dev/null", "the output is a device"},
                         Row{(folder_ / "no" / "where").string(), "cannot write the output: No such file or directory"},
                         Row{"/proc/program", "cannot write the output"}}) {
    diagnostics_ = {};
    options_.output = row.output;
    expect_refusal(row.output + ": error: " + row.message);
  }
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(Link, ReportsAMissingRuntime) {
  options_.runtime_dir = folder_.string();
  expect_refusal("kcc's runtime (libkcc_runtime.a) is not there");
}

}  // namespace
}  // namespace kcc
