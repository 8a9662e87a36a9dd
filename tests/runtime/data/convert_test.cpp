#include "runtime/data/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "runtime/data/rows.h"

namespace kcc::runtime {
namespace {

using ::testing::ElementsAre;

// Values as bytes, and an array over them that starts at an odd address, as in a file.
template <typename T>
Array array_of(DType type, std::vector<int64_t> shape, const std::vector<T>& values) {
  OwnedArray array = *make_array("test", DType::kU8, {static_cast<int64_t>(values.size() * sizeof(T)) + 1});
  std::memcpy(array.data + 1, values.data(), values.size() * sizeof(T));
  return Array{type, std::move(shape), array.data + 1, array.array.owner};
}

template <typename T>
std::vector<T> gather(const Array& array, const std::vector<int64_t>& rows, ElementType to) {
  std::vector<T> out(rows.size() * static_cast<size_t>(array.row_elements()));
  gather_rows(array, rows.data(), static_cast<int64_t>(rows.size()), to, out.data());
  return out;
}

TEST(GatherRows, TakesRowsInTheGivenOrder) {
  const Array array = array_of<float>(DType::kF32, {3, 2}, {0, 1, 10, 11, 20, 21});
  EXPECT_THAT(gather<float>(array, {2, 0, 2}, ElementType::kF32), ElementsAre(20, 21, 0, 1, 20, 21));
}

TEST(GatherRows, ConvertsEveryTypeToFloat) {
  const std::vector<int64_t> rows{1, 0};
  const auto to_f32 = [&](const Array& array) { return gather<float>(array, rows, ElementType::kF32); };
  EXPECT_THAT(to_f32(array_of<uint8_t>(DType::kBool, {2}, {0, 2})), ElementsAre(1, 0));
  EXPECT_THAT(to_f32(array_of<int8_t>(DType::kI8, {2}, {-128, 127})), ElementsAre(127, -128));
  EXPECT_THAT(to_f32(array_of<uint8_t>(DType::kU8, {2}, {0, 255})), ElementsAre(255, 0));
  EXPECT_THAT(to_f32(array_of<int16_t>(DType::kI16, {2}, {-300, 7})), ElementsAre(7, -300));
  EXPECT_THAT(to_f32(array_of<uint16_t>(DType::kU16, {2}, {65535, 7})), ElementsAre(7, 65535));
  EXPECT_THAT(to_f32(array_of<int32_t>(DType::kI32, {2}, {-70000, 7})), ElementsAre(7, -70000));
  EXPECT_THAT(to_f32(array_of<uint32_t>(DType::kU32, {2}, {4000000000u, 7})), ElementsAre(7, 4e9f));
  EXPECT_THAT(to_f32(array_of<int64_t>(DType::kI64, {2}, {-5000000000, 7})), ElementsAre(7, -5e9f));
  EXPECT_THAT(to_f32(array_of<uint64_t>(DType::kU64, {2}, {~0ull, 7})), ElementsAre(7, 0x1p64f));
  EXPECT_THAT(to_f32(array_of<double>(DType::kF64, {2}, {0.1, -7})), ElementsAre(-7, 0.1f));
  EXPECT_THAT(to_f32(array_of<uint16_t>(DType::kBF16, {2}, {0x3f80, 0xc000})), ElementsAre(-2, 1));
}

TEST(GatherRows, ReadsEveryKindOfHalf) {
  const Array array =
      array_of<uint16_t>(DType::kF16, {9}, {0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x83ff, 0x8000, 0x7c00, 0xfc00});
  std::vector<float> out(9);
  convert_array(array, ElementType::kF32, out.data());
  EXPECT_THAT(out, ElementsAre(1, -2, 65504, 0x1p-14f, 0x1p-24f, -1023 * 0x1p-24f, 0, INFINITY, -INFINITY));
  EXPECT_TRUE(std::signbit(out[6]));
  convert_array(array_of<uint16_t>(DType::kF16, {1}, {0x7e01}), ElementType::kF32, out.data());
  EXPECT_TRUE(std::isnan(out[0]));
}

TEST(GatherRows, IntegersGoToTheNearestValue) {
  const auto to_i32 = [](const Array& array) {
    std::vector<int32_t> out(static_cast<size_t>(array.elements()));
    convert_array(array, ElementType::kI32, out.data());
    return out;
  };
  EXPECT_THAT(to_i32(array_of<double>(DType::kF64, {5}, {2.9, -2.9, 1e300, -1e300, NAN})),
              ElementsAre(2, -2, INT32_MAX, INT32_MIN, 0));
  EXPECT_THAT(to_i32(array_of<int64_t>(DType::kI64, {3}, {-1, INT64_MAX, INT64_MIN})),
              ElementsAre(-1, INT32_MAX, INT32_MIN));
  EXPECT_THAT(to_i32(array_of<uint64_t>(DType::kU64, {2}, {3, UINT64_MAX})), ElementsAre(3, INT32_MAX));
}

TEST(GatherRows, BoolIsZeroOrOne) {
  std::vector<uint8_t> out(3);
  convert_array(array_of<float>(DType::kF32, {3}, {0, 0.5f, NAN}), ElementType::kBool, out.data());
  EXPECT_THAT(out, ElementsAre(0, 1, 1));
  convert_array(array_of<uint8_t>(DType::kBool, {3}, {0, 1, 7}), ElementType::kBool, out.data());
  EXPECT_THAT(out, ElementsAre(0, 1, 1));
}

TEST(CheckIntegral, TakesWholeNumbersInRange) {
  EXPECT_TRUE(check_integral("y.npy", array_of<float>(DType::kF32, {3}, {0, 9, -0.0f}), 0, 9));
  EXPECT_TRUE(check_integral("y.npy", array_of<uint8_t>(DType::kU8, {2}, {0, 9}), 0, 9));
}

TEST(CheckIntegral, NamesTheFirstOffender) {
  const std::pair<Array, const char*> rows[] = {
      {array_of<float>(DType::kF32, {2, 2}, {0, 1, 2.5f, 99}), "y[1, 0]: got 2.5"},
      {array_of<double>(DType::kF64, {2}, {0, NAN}), "y[1]: got nan"},
      {array_of<int64_t>(DType::kI64, {2}, {0, 10}), "y[1]: got 10"},
      {array_of<int8_t>(DType::kI8, {2}, {0, -1}), "y[1]: got -1"},
      {array_of<uint64_t>(DType::kU64, {}, {UINT64_MAX}), "y: got 18446744073709551615"},
  };
  for (const auto& [array, expected] : rows) {
    const Status status = check_integral("y", array, 0, 9);
    ASSERT_FALSE(status) << expected;
    EXPECT_EQ(status.error().message, std::string(expected) + ", expected a whole number from 0 to 9");
  }
}

TEST(Array, SlicesShareTheBytes) {
  const Array array = array_of<float>(DType::kF32, {3, 2}, {0, 1, 10, 11, 20, 21});
  const Array slice = slice_rows(array, 1, 2);
  EXPECT_EQ(slice.data, array.data + 8);
  EXPECT_THAT(slice.shape, ElementsAre(2, 2));
}

TEST(Array, RefusesShapesThatOverflow) {
  EXPECT_FALSE(checked_elements("a", {int64_t{1} << 40, int64_t{1} << 40}, DType::kF32));
  EXPECT_FALSE(checked_elements("a", {0, int64_t{1} << 40, int64_t{1} << 40}, DType::kF32));
  EXPECT_FALSE(checked_elements("a", {-1}, DType::kF32));
}

TEST(Array, SaysWhenMemoryDoesNotReach) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer ends the program itself";
#endif
  EXPECT_EQ(make_array("a.npy", DType::kF32, {int64_t{1} << 60}).error().message,
            "a.npy: not enough memory for shape (1152921504606846976,) of float32 (4611686018427387904 bytes)");
}

}  // namespace
}  // namespace kcc::runtime
