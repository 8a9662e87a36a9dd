#include "runtime/files/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "tests/runtime/temporary_folder.h"

namespace kcc::runtime {
namespace {

using ::testing::HasSubstr;

TEST(AtomicFile, ReplacesTheFileAndLeavesNothingElse) {
  TemporaryFolder folder;
  const std::string path = folder.file("a.txt");
  write_bytes(path, "old");
  ASSERT_TRUE(write_file(path, "new content"));
  EXPECT_EQ(read_bytes(path), "new content");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(AtomicFile, KeepsTheOldFileUntilCommit) {
  TemporaryFolder folder;
  const std::string path = folder.file("a.txt");
  write_bytes(path, "old");
  {
    Result<AtomicFile> file = AtomicFile::create(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("half", 4));
    EXPECT_EQ(read_bytes(path), "old");
    EXPECT_EQ(folder.entries(), 2u);
  }
  EXPECT_EQ(read_bytes(path), "old");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(AtomicFile, KeepsTheModeOfTheFileThatItReplaces) {
  TemporaryFolder folder;
  const std::string path = folder.file("a.txt");
  write_bytes(path, "old");
  chmod(path.c_str(), 0640);
  ASSERT_TRUE(write_file(path, "new"));
  struct stat info {};
  stat(path.c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST(AtomicFile, FollowsASymbolicLink) {
  TemporaryFolder folder;
  write_bytes(folder.file("target"), "old");
  std::filesystem::create_symlink("target", folder.file("link"));
  ASSERT_TRUE(write_file(folder.file("link"), "new"));
  EXPECT_EQ(read_bytes(folder.file("target")), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link")));
}

TEST(AtomicFile, WritesAtPlaces) {
  TemporaryFolder folder;
  Result<AtomicFile> file = AtomicFile::create(folder.file("a"));
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write("hello", 5));
  ASSERT_TRUE(file->write_at(0, "J", 1));
  ASSERT_TRUE(file->write("!", 1));
  EXPECT_EQ(file->size(), 6);
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(read_bytes(folder.file("a")), "Jello!");
}

TEST(AtomicFile, NamesWhatCannotBeWritten) {
  TemporaryFolder folder;
  const std::pair<std::string, const char*> rows[] = {
      {folder.file("no/such/a.txt"), "No such file or directory"},
      {folder.path(), "it is a folder"},
      {"/dev/null", "it is not a regular file"},
      {"/proc/kcc", "cannot be written: "},
      {folder.file(std::string(250, 'n') + ".weights.h5"), "File name too long"},
  };
  for (const auto& [path, expected] : rows) {
    const Status status = write_file(path, "x");
    ASSERT_FALSE(status) << path;
    EXPECT_THAT(status.error().message, HasSubstr(path + ": "));
    EXPECT_THAT(status.error().message, HasSubstr(expected));
  }
}

TEST(AtomicFile, RemovesWhatAKilledWriterLeftAndNothingElse) {
  TemporaryFolder folder;
  const std::string left = folder.file(".a.txt.12345-0.tmp"), user = folder.file(".b.txt.12345-0.tmp");
  write_bytes(left, "half");
  write_bytes(user, "of another file");
  const Result<AtomicFile> busy = AtomicFile::create(folder.file("a.txt"));
  ASSERT_TRUE(busy);
  EXPECT_FALSE(std::filesystem::exists(left));
  ASSERT_TRUE(write_file(folder.file("a.txt"), "second"));
  EXPECT_TRUE(std::filesystem::exists(user));
  EXPECT_EQ(folder.entries(), 3u) << "the first writer's is still there";
}

// A limit on the file size fails in the same place as a full disk, and can be set without root.
TEST(AtomicFile, AFullDiskLeavesTheOldFile) {
  TemporaryFolder folder;
  const std::string path = folder.file("a.txt");
  write_bytes(path, "old");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1000, before.rlim_max};
  std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const Status status = write_file(path, std::string(5000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, path + ": cannot write: File too large");
  EXPECT_EQ(read_bytes(path), "old");
  EXPECT_EQ(folder.entries(), 1u);
}

}  // namespace
}  // namespace kcc::runtime
