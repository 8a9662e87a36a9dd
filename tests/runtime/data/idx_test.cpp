#include "runtime/data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

#include "tests/runtime/damage.h"
#include "tests/runtime/temporary_folder.h"

namespace kcc::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Two samples of three.
const std::string kBytes("\0\0\x08\x02\0\0\0\2\0\0\0\3\1\2\3\4\5\xff", 18);
const std::string kShorts("\0\0\x0b\x01\0\0\0\2\1\2\xff\xfe", 12);

void write_packed(const std::string& path, const std::string& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

TEST(Idx, ReadsPlainAndPackedFiles) {
  TemporaryFolder folder;
  write_bytes(folder.file("a"), kBytes);
  write_packed(folder.file("a.gz"), kBytes);
  for (const char* name : {"a", "a.gz"}) {
    ASSERT_TRUE(looks_like_idx(folder.file(name)));
    const Result<Array> array = read_idx(folder.file(name));
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_EQ(array->type, DType::kU8);
    EXPECT_THAT(array->shape, ElementsAre(2, 3));
    EXPECT_EQ(std::memcmp(array->data, kBytes.data() + 12, 6), 0);
  }
}

TEST(Idx, TurnsNumbersAround) {
  TemporaryFolder folder;
  write_bytes(folder.file("a"), kShorts);
  write_packed(folder.file("a.gz"), kShorts);
  for (const char* name : {"a", "a.gz"}) {
    const Result<Array> array = read_idx(folder.file(name));
    ASSERT_TRUE(array) << array.error().message;
    int16_t values[2];
    std::memcpy(values, array->data, sizeof(values));
    EXPECT_THAT(values, ElementsAre(0x102, -2));
  }
}

TEST(Idx, RefusesOtherSizesAndBombs) {
  TemporaryFolder folder;
  const auto error = [&folder](const std::string& name, const std::string& bytes) {
    name.ends_with(".gz") ? write_packed(folder.file(name), bytes) : write_bytes(folder.file(name), bytes);
    const Result<Array> array = read_idx(folder.file(name));
    return array ? "" : array.error().message.substr(folder.path().size() + 1);
  };
  EXPECT_EQ(error("a", kBytes.substr(0, 17)), "a: cut off: shape (2, 3) of uint8 needs 6 bytes, got 5");
  EXPECT_THAT(error("a.gz", kBytes.substr(0, 17)), HasSubstr("a.gz: the shape (2, 3) of uint8 needs 6 bytes"));
  EXPECT_THAT(error("a.gz", kBytes + "x"), HasSubstr("needs 6 bytes"));
  EXPECT_THAT(error("b.gz", std::string("\0\0\x08\x02\x7f\xff\xff\xff\0\0\xff\xff", 12)), HasSubstr("needs 1407"));
  EXPECT_EQ(error("c", "text"), "c: not an IDX file");
  EXPECT_EQ(error("c.gz", "text"), "c.gz: not a gzip file of IDX");
  EXPECT_FALSE(looks_like_idx(folder.file("c")));
  EXPECT_FALSE(looks_like_idx(folder.file("none")));
}

TEST(Idx, SurvivesDamage) {
  TemporaryFolder folder;
  write_packed(folder.file("a.gz"), kShorts);
  for (const std::string& genuine : {kBytes, read_bytes(folder.file("a.gz"))}) {
    const std::string name = folder.file(genuine == kBytes ? "damaged" : "damaged.gz");
    const auto try_it = [&name](const std::string& bytes) {
      write_bytes(name, bytes);
      const Result<Array> array = read_idx(name);
      EXPECT_TRUE(array || !array.error().message.empty());
    };
    damage(genuine, 200, try_it);
    cut_off(genuine, 20, try_it);
  }
}

}  // namespace
}  // namespace kcc::runtime
