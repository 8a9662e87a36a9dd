#include "runtime/data/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <minizip/zip.h>

#include <cstring>

#include "runtime/data/npy.h"
#include "tests/runtime/temporary_folder.h"

namespace kcc::runtime {
namespace {

using ::testing::HasSubstr;

const float kNumbers[] = {1, 2, 3, 4, 5, 6};

Array numbers(std::vector<int64_t> shape) {
  return view_array(ElementType::kF32, std::move(shape), kNumbers);
}

// As np.savez_compressed: deflated.
void write_deflated(const std::string& path, const std::string& member, const std::string& content) {
  zipFile zip = zipOpen64(path.c_str(), APPEND_STATUS_CREATE);
  zip_fileinfo info{};
  zipOpenNewFileInZip64(zip, member.c_str(), &info, nullptr, 0, nullptr, 0, nullptr, Z_DEFLATED, 9, 0);
  zipWriteInFileInZip(zip, content.data(), static_cast<unsigned>(content.size()));
  zipCloseFileInZip(zip);
  zipClose(zip, nullptr);
}

std::string npy_bytes(const Array& array) {
  return *npy_header(array) +
         std::string(reinterpret_cast<const char*>(array.data), static_cast<size_t>(array.bytes()));
}

TEST(Npz, ReadsWhatItWrote) {
  TemporaryFolder folder;
  const std::string path = folder.file("a.npz");
  ASSERT_TRUE(write_npz(path, {{"x", numbers({2, 3})}, {"none", numbers({0, 3})}, {"one", numbers({})}}));
  for (const char* member : {"x", "x.npy"}) {
    const auto x = read_npz(path, member);
    ASSERT_TRUE(x) << x.error().message;
    EXPECT_EQ(x->shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(std::memcmp(x->data, kNumbers, sizeof(kNumbers)), 0);
  }
  EXPECT_EQ(read_npz(path, "none")->rows(), 0);
  EXPECT_EQ(read_npz(path, "one")->elements(), 1);
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(Npz, EqualArraysGiveEqualBytes) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_npz(folder.file("a.npz"), {{"x", numbers({2, 3})}}));
  ASSERT_TRUE(write_npz(folder.file("b.npz"), {{"x", numbers({2, 3})}}));
  EXPECT_EQ(read_bytes(folder.file("a.npz")), read_bytes(folder.file("b.npz")));
}

TEST(Npz, ReadsDeflatedMembers) {
  TemporaryFolder folder;
  write_deflated(folder.file("a.npz"), "x.npy", npy_bytes(numbers({6})));
  const auto x = read_npz(folder.file("a.npz"), "x");
  ASSERT_TRUE(x) << x.error().message;
  EXPECT_EQ(std::memcmp(x->data, kNumbers, sizeof(kNumbers)), 0);
}

TEST(Npz, RefusesWithAReason) {
  TemporaryFolder folder;
  const std::string path = folder.file("a.npz");
  ASSERT_TRUE(write_npz(path, {{"x", numbers({6})}, {"y", numbers({1})}}));
  const std::string whole = read_bytes(path);
  EXPECT_EQ(read_npz(path, "z").error().message, path + ": no member 'z.npy', it holds 'x.npy', 'y.npy'");
  EXPECT_EQ(read_npz(folder.file("none.npz"), "x").error().message,
            folder.file("none.npz") + ": cannot be read: No such file or directory");

  write_bytes(path, "not a zip archive");
  EXPECT_EQ(read_npz(path, "x").error().message, path + ": not a zip archive, or cut off");
  write_bytes(path, whole.substr(0, whole.size() - 30));
  EXPECT_FALSE(read_npz(path, "x"));

  std::string damaged = whole;
  damaged[whole.find("\n") + 2] ^= 1;  // a number
  write_bytes(path, damaged);
  EXPECT_EQ(read_npz(path, "x").error().message, path + ":x.npy: damaged: its checksum is wrong");
}

// The announced shape must be the member's size, before any room is made.
TEST(Npz, RefusesBombs) {
  TemporaryFolder folder;
  const std::string path = folder.file("a.npz");
  const Array huge{DType::kF32, {1 << 20, 1 << 20}, nullptr, nullptr};
  write_deflated(path, "x.npy", *npy_header(huge));
  EXPECT_THAT(read_npz(path, "x").error().message, HasSubstr("x: cut off: shape (1048576, 1048576) of float32 needs"));
}

// Damage is found, or it hit what does not matter, such as the date: then the numbers are right.
void expect_right_or_refused(const std::string& path, const std::string& bytes) {
  write_bytes(path, bytes);
  const auto x = read_npz(path, "x");
  if (!x) return;
  ASSERT_EQ(x->bytes(), static_cast<int64_t>(sizeof(kNumbers)));
  EXPECT_EQ(std::memcmp(x->data, kNumbers, sizeof(kNumbers)), 0);
}

TEST(Npz, SurvivesEveryTruncationAndFlip) {
  TemporaryFolder folder;
  const std::string path = folder.file("a.npz");
  write_deflated(path, "x.npy", npy_bytes(numbers({6})));
  const std::string whole = read_bytes(path);
  for (size_t length = 0; length < whole.size(); length += 3) expect_right_or_refused(path, whole.substr(0, length));
  for (size_t byte = 0; byte < whole.size(); ++byte) {
    std::string damaged = whole;
    damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << (byte * 7 % 8)));
    expect_right_or_refused(path, damaged);
  }
}

}  // namespace
}  // namespace kcc::runtime
