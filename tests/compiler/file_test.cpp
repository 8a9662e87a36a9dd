#include "compiler/support/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <thread>

namespace kcc {
namespace {

namespace fs = std::filesystem;

class WriteFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string read(const fs::path& path) {
    std::string bytes;
    EXPECT_TRUE(read_file(path, &bytes, diagnostics_));
    return bytes;
  }

  fs::path folder_;
  Diagnostics diagnostics_;
};

TEST_F(WriteFile, FollowsALink) {
  ASSERT_TRUE(write_file(folder_ / "file", "old", diagnostics_));
  fs::create_symlink("file", folder_ / "link");
  ASSERT_TRUE(write_file(folder_ / "link", "new", diagnostics_));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(read(folder_ / "file"), "new");
}

TEST_F(WriteFile, LeavesAPipeAPipe) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = read(pipe); });
  EXPECT_TRUE(write_file(pipe, "through", diagnostics_));
  reader.join();
  EXPECT_EQ(received, "through");
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST_F(WriteFile, SaysWhyNot) {
  EXPECT_FALSE(write_file(folder_ / "none" / "file", "text", diagnostics_));
  EXPECT_TRUE(diagnostics_.has_errors());
}

}  // namespace
}  // namespace kcc
