#include "runtime/data/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "runtime/data/file_rows.h"
#include "runtime/files/open_file.h"
#include "tests/runtime/temporary_folder.h"

namespace kcc::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kOffset = 3;  // rows need not be aligned

// Rows of two int16, in a file that is "too large" for memory.
Array rows_in_file(const TemporaryFolder& folder, const std::vector<int16_t>& values, bool swapped) {
  std::string bytes(kOffset, '#');
  for (int16_t value : values) {
    const char low = static_cast<char>(value & 255), high = static_cast<char>(value >> 8);
    bytes += swapped ? std::string{high, low} : std::string{low, high};
  }
  write_bytes(folder.file("rows"), bytes);
  const NpyHeader layout{DType::kI16, swapped, false, {static_cast<int64_t>(values.size()) / 2, 2}};
  auto file = MappedFile::open(folder.file("rows"));
  Result<Array> array = array_in_file(*file, kOffset, layout, 0);
  EXPECT_TRUE(array);
  EXPECT_TRUE(array->source);
  EXPECT_EQ(array->data, nullptr);
  return *array;
}

std::vector<float> read_floats(const Array& array, const std::vector<int64_t>& order, int64_t first, int64_t count) {
  std::vector<float> out(static_cast<size_t>(count * array.row_elements()));
  std::vector<std::byte> scratch;
  const Status status =
      read_rows(array, order.empty() ? nullptr : order.data(), first, count, ElementType::kF32, scratch, out.data());
  EXPECT_TRUE(status) << status.error().message;
  return out;
}

TEST(Rows, OfAFileAreThoseOfMemory) {
  TemporaryFolder folder;
  for (bool swapped : {false, true}) {
    const Array array = rows_in_file(folder, {0, 1, 10, 11, 20, 21, 30, -31, 40, 41}, swapped);
    EXPECT_THAT(read_floats(array, {}, 1, 2), ElementsAre(10, 11, 20, 21));
    EXPECT_THAT(read_floats(array, {9, 3, 1, 2, 0, 9}, 1, 4), ElementsAre(30, -31, 10, 11, 20, 21, 0, 1));
    EXPECT_THAT(read_floats(slice_rows(slice_rows(array, 1, 4), 1, 3), {}, 1, 2), ElementsAre(30, -31, 40, 41));
    const Result<Array> whole = read_array("rows", slice_rows(array, 2, 2));
    ASSERT_TRUE(whole);
    EXPECT_EQ(reinterpret_cast<const int16_t*>(whole->data)[3], -31);
  }
}

TEST(Rows, AreCheckedWhereverTheyAre) {
  TemporaryFolder folder;
  const Array array = rows_in_file(folder, {0, 1, 2, 3, 4, 300}, false);
  EXPECT_TRUE(check_integral("y", array, 0, 300));
  EXPECT_EQ(check_integral("y", array, 0, 9).error().message, "y[2, 1]: got 300, expected a whole number from 0 to 9");
}

TEST(Rows, SayThatTheirFileWasCutOff) {
  TemporaryFolder folder;
  const Array array = rows_in_file(folder, {0, 1, 2, 3, 4, 5}, false);
  std::filesystem::resize_file(folder.file("rows"), kOffset + 9);
  std::vector<std::byte> scratch;
  float out[2];
  EXPECT_TRUE(read_rows(array, nullptr, 1, 1, ElementType::kF32, scratch, out));
  const Status status = read_rows(array, nullptr, 2, 1, ElementType::kF32, scratch, out);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("rows: the file was cut off while it was being read"));
}

TEST(Rows, SayThatTheirFileWasChanged) {
  TemporaryFolder folder;
  const std::string bytes(1 << 20, 'a');
  write_bytes(folder.file("rows"), bytes);
  const auto file = OpenFile::open(folder.file("rows"));
  ASSERT_TRUE(file);
  std::vector<std::byte> out(bytes.size());
  const auto read_much = [&] {
    Status status;
    for (int i = 0; i < 20 && status; ++i) status = (*file)->read_at(0, out.data(), 1 << 20);
    return status;
  };
  EXPECT_TRUE(read_much());
  const auto later = std::filesystem::last_write_time(folder.file("rows")) + std::chrono::seconds(1);
  std::filesystem::last_write_time(folder.file("rows"), later);
  EXPECT_EQ(read_much().error().message, folder.file("rows") + ": the file was changed while it was being read");
}

}  // namespace
}  // namespace kcc::runtime
