#include "codegen/cache.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "gtest/gtest.h"

namespace kcc {
namespace {

namespace fs = std::filesystem;

class Cache : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("cache_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (entry.is_regular_file()) found.push_back(entry.path());
    }
    return found;
  }

  fs::path folder_;
};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST_F(Cache, FindsWhatItKept) {
  const KernelCache cache(folder_.string());
  EXPECT_FALSE(cache.find("key"));
  const std::string object(
      "\x7f"
      "ELF\0\1\2",
      7);
  cache.keep("key", {object, "8 x 2"});
  cache.keep("other key", {"other", ""});
  const auto found = KernelCache(folder_.string()).find("key");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->object, object);
  EXPECT_EQ(found->notes, "8 x 2");
  EXPECT_FALSE(cache.find("ke"));
}

TEST_F(Cache, WithoutFolderNeverFindsNeverKeeps) {
  const KernelCache cache("");
  cache.keep("key", {"object", ""});
  EXPECT_FALSE(cache.find("key"));
}

TEST_F(Cache, EveryDamagedByteIsAMissAndIsReplaced) {
  const KernelCache cache(folder_.string());
  cache.keep("key", {"object", "schedule"});
  const fs::path path = files().at(0);
  const std::string good = read(path);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x41);
    write(path, bad);
    EXPECT_FALSE(cache.find("key")) << "byte " << i;
    write(path, good.substr(0, i));
    EXPECT_FALSE(cache.find("key")) << "cut at " << i;
  }
  write(path, good + "x");
  EXPECT_FALSE(cache.find("key"));
  cache.keep("key", {"object", "schedule"});
  EXPECT_TRUE(cache.find("key"));
}

TEST_F(Cache, FileOfAnotherKeyIsAMiss) {
  const KernelCache cache(folder_.string());
  cache.keep("key", {"object", ""});
  const fs::path path = files().at(0);
  cache.keep("other", {"wrong object", ""});
  for (const fs::path& file : files()) {
    if (file != path) fs::copy_file(file, path, fs::copy_options::overwrite_existing);
  }
  EXPECT_FALSE(cache.find("key"));
}

TEST_F(Cache, FolderThatCannotBeWrittenIsNoError) {
  write(folder_, "a file where the folder should be");
  const KernelCache cache(folder_.string());
  cache.keep("key", {"object", ""});
  EXPECT_FALSE(cache.find("key"));
}

TEST_F(Cache, ReadOnlyFolderStillServes) {
  const KernelCache cache(folder_.string());
  cache.keep("key", {"object", ""});
  const fs::path shard = files().at(0).parent_path();
  fs::permissions(files().at(0), fs::perms::owner_read);
  fs::permissions(shard, fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_TRUE(cache.find("key"));
  fs::permissions(shard, fs::perms::owner_all);
}

TEST_F(Cache, KilledWritersLeaveNoTornObject) {
  const std::string object(200000, 'o');
  std::vector<pid_t> writers;
  for (int w = 0; w < 4; ++w) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      const KernelCache cache(folder_.string());
      for (;;) cache.keep("key", {object, "schedule"});
    }
    writers.push_back(pid);
  }
  const KernelCache cache(folder_.string());
  const auto start = std::chrono::steady_clock::now();
  int hits = 0;
  while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(200)) {
    if (const auto found = cache.find("key")) hits += found->object == object;
  }
  for (pid_t pid : writers) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  EXPECT_GT(hits, 0);
  const auto found = cache.find("key");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->object, object);
}

TEST_F(Cache, AbandonedTemporaryFilesGo) {
  const KernelCache cache(folder_.string());
  cache.keep("key", {"object", ""});
  const fs::path shard = files().at(0).parent_path();
  write(shard / "old.tmp", "torn");
  write(shard / "new.tmp", "being written");
  fs::last_write_time(shard / "old.tmp", fs::file_time_type::clock::now() - std::chrono::hours(2));
  cache.keep("key", {"object", ""});
  EXPECT_FALSE(fs::exists(shard / "old.tmp"));
  EXPECT_TRUE(fs::exists(shard / "new.tmp"));
}

TEST_F(Cache, DropsTheLongestUnusedAboveItsSize) {
  const KernelCache cache(folder_.string());
  cache.keep("key", {"object", ""});
  const fs::path shard = files().at(0).parent_path();
  for (int age = 1; age <= 6; ++age) {
    const fs::path path = shard / (std::to_string(age) + ".kernel");
    write(path, std::string(1 << 20, 'x'));
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(age));
  }
  cache.keep("key", {"object", ""});
  EXPECT_TRUE(cache.find("key"));
  EXPECT_TRUE(fs::exists(shard / "1.kernel"));
  EXPECT_TRUE(fs::exists(shard / "2.kernel"));
  EXPECT_FALSE(fs::exists(shard / "4.kernel"));
  EXPECT_FALSE(fs::exists(shard / "6.kernel"));
}

TEST(CacheFolder, FollowsTheEnvironment) {
  struct Row {
    const char* cache;
    const char* home;
    const char* folder;
  };
  for (const Row& row : {Row{"/c", "/h", "/c/kcc"}, Row{"", "/h", "/h/.cache/kcc"},
                         Row{"relative", "/h", "/h/.cache/kcc"}, Row{"", "", ""}}) {
    ::setenv("XDG_CACHE_HOME", row.cache, 1);
    ::setenv("HOME", row.home, 1);
    EXPECT_EQ(KernelCache::default_folder(), row.folder);
  }
}

}  // namespace
}  // namespace kcc
