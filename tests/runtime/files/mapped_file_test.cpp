#include "runtime/files/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/runtime/temporary_folder.h"

namespace kcc::runtime {
namespace {

TEST(MappedFile, ShowsTheBytes) {
  TemporaryFolder folder;
  write_bytes(folder.file("a"), "hello");
  auto file = MappedFile::open(folder.file("a"));
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->size(), 5);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>((*file)->data()), 5), "hello");
}

TEST(MappedFile, AnEmptyFileHasNoBytes) {
  TemporaryFolder folder;
  write_bytes(folder.file("a"), "");
  auto file = MappedFile::open(folder.file("a"));
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->size(), 0);
}

TEST(MappedFile, NamesWhatCannotBeRead) {
  TemporaryFolder folder;
  mkfifo(folder.file("pipe").c_str(), 0600);
  const std::pair<std::string, const char*> rows[] = {
      {folder.file("none"), ": cannot be read: No such file or directory"},
      {folder.path(), ": cannot be read: it is a folder, expected a file"},
      {folder.file("pipe"), ": cannot be read: it is not a regular file, expected a file"},
  };
  for (const auto& [path, expected] : rows) {
    const auto file = MappedFile::open(path);
    ASSERT_FALSE(file) << path;
    EXPECT_EQ(file.error().message, path + expected);
  }
}

TEST(MappedFile, AFileChangedWhileItIsReadIsNamed) {
  TemporaryFolder folder;
  const std::string path = folder.file("a"), other = folder.file("b");
  write_bytes(path, "hello");
  auto file = MappedFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE(check_mapped_files());
  write_bytes(other, "world");
  ASSERT_EQ(rename(other.c_str(), path.c_str()), 0);
  EXPECT_TRUE(check_mapped_files()) << "the map keeps the old file";
  auto second = MappedFile::open(path);
  write_bytes(path, "again!");
  EXPECT_EQ(check_mapped_files().error().message, path + ": the file was changed while it was being read");
  second = MappedFile::open(path);
  EXPECT_TRUE(check_mapped_files()) << "closed";
}

TEST(MappedFileDeathTest, AFileCutOffWhileItIsReadIsNamed) {
  TemporaryFolder folder;
  const std::string path = folder.file("big");
  write_bytes(path, std::string(100000, 'x'));
  EXPECT_EXIT(
      {
        report_truncated_maps();
        auto file = MappedFile::open(path);
        if (truncate(path.c_str(), 10) != 0) _exit(3);
        volatile std::byte last = (*file)->data()[99999];
        _exit(static_cast<int>(last) ? 4 : 5);
      },
      ::testing::ExitedWithCode(1), path + ": the file was cut off");
}

}  // namespace
}  // namespace kcc::runtime
