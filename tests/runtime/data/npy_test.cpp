#include "runtime/data/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/runtime/temporary_folder.h"

namespace kcc::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string npy(const std::string& dictionary, const std::string& elements, char version = 1) {
  const std::string length{static_cast<char>(dictionary.size() & 255), static_cast<char>(dictionary.size() >> 8)};
  return std::string("\x93NUMPY") + version + '\0' + length + (version > 1 ? std::string(2, '\0') : "") + dictionary +
         elements;
}

Result<Array> parse(const std::string& file) {
  return parse_npy("x.npy", reinterpret_cast<const std::byte*>(file.data()), static_cast<int64_t>(file.size()),
                   nullptr);
}

template <typename T>
std::vector<T> values(const Array& array) {
  std::vector<T> out(static_cast<size_t>(array.elements()));
  std::memcpy(out.data(), array.data, out.size() * sizeof(T));
  return out;
}

std::string shorts(std::initializer_list<int16_t> values) {
  return std::string(reinterpret_cast<const char*>(values.begin()), values.size() * 2);
}

TEST(ParseNpy, ReadsEveryVersion) {
  for (char version : {1, 2, 3}) {
    const std::string file =
        npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n", shorts({1, 2}), version);
    const auto array = parse(file);
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_EQ(array->type, DType::kI16);
    EXPECT_THAT(array->shape, ElementsAre(2));
    EXPECT_THAT(values<int16_t>(*array), ElementsAre(1, 2));
  }
}

TEST(ParseNpy, ReadsOddSpellings) {
  const char* rows[] = {
      "{\"shape\":(2L,3L),\"fortran_order\":False,\"descr\":\"=i2\"}",
      "{ 'fortran_order' : False , 'shape' : ( 2 , 3 , ) , 'descr' : '<i2' } \n",
  };
  for (const char* row : rows) {
    const std::string file = npy(row, shorts({1, 2, 3, 4, 5, 6}));
    const auto array = parse(file);
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_THAT(array->shape, ElementsAre(2, 3));
  }
}

TEST(ParseNpy, TurnsFortranOrderAround) {
  const std::string file = npy("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3)}", shorts({1, 4, 2, 5, 3, 6}));
  const auto array = parse(file);
  ASSERT_TRUE(array);
  EXPECT_THAT(values<int16_t>(*array), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(ParseNpy, TurnsBigEndianAround) {
  const std::string file =
      npy("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2)}", shorts({256, 768, 512, 1024}));
  const auto array = parse(file);
  ASSERT_TRUE(array);
  EXPECT_THAT(values<int16_t>(*array), ElementsAre(1, 2, 3, 4));
}

TEST(ParseNpy, ReadsScalarsAndEmptyArrays) {
  EXPECT_TRUE(parse(npy("{'descr': '<i2', 'fortran_order': False, 'shape': ()}", shorts({1}))));
  EXPECT_TRUE(parse(npy("{'descr': '<i2', 'fortran_order': True, 'shape': (0, 3)}", "")));
}

TEST(ParseNpy, RefusesWithAReason) {
  const std::string tail = ", 'fortran_order': False, 'shape': (2,)}";
  const std::string good = "{'descr': '<i2'" + tail;
  const std::pair<std::string, const char*> rows[] = {
      {"", "not an .npy file"},
      {"PK\3\4 something", "not an .npy file"},
      {"\x93NUMPY\x01", "cut off in the .npy header"},
      {npy(good, "").substr(0, 40), "cut off in the .npy header"},
      {npy(good, shorts({1}), 4), ".npy version 4 is not supported, expected 1, 2 or 3"},
      {npy(good, shorts({1})), "cut off: shape (2,) of int16 needs 4 bytes, got 2"},
      {npy(good, shorts({1, 2, 3})), "more than one array: shape (2,) of int16 needs 4 bytes, got 6"},
      {npy("{'descr': '|O'" + tail, ""), "dtype '|O': Python objects are never loaded"},
      {npy("{'descr': '<U3'" + tail, ""), "dtype '<U3': not supported"},
      {npy("{'descr': '<c8'" + tail, ""), "dtype '<c8': not supported"},
      {npy("{'descr': 'i2'" + tail, ""), "dtype 'i2': not supported"},
      {npy("{'descr': [('a', '<i2')]" + tail, ""), "records (a structured dtype) are not supported"},
      {npy("{'descr': __import__('os')" + tail, ""), "damaged .npy header"},
      {npy("{'descr': '<i2', 'shape': (2,)}", shorts({1, 2})), "damaged .npy header"},
      {npy("{'descr': '<i2', 'descr': '<i2'" + tail, ""), "damaged .npy header"},
      {npy(good + "}", ""), "damaged .npy header"},
      {npy("{'descr': '<i2', 'fortran_order': 0, 'shape': (2,)}", ""), "damaged .npy header"},
      {npy("{'descr': '<i2', 'fortran_order': False, 'shape': (-2,)}", ""), "damaged .npy header"},
      {npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2 2)}", ""), "damaged .npy header"},
      {npy("{'descr': '<i2', 'fortran_order': False, 'shape': (99999999999999999999,)}", ""), "damaged .npy header"},
      {npy("{'descr': '<i2', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", ""),
       "shape (4294967296, 4294967296) is too large"},
  };
  for (const auto& [file, expected] : rows) {
    const auto array = parse(file);
    ASSERT_FALSE(array) << file;
    EXPECT_THAT(array.error().message, HasSubstr(std::string("x.npy: ") + expected));
  }
}

TEST(ParseNpy, SurvivesEveryTruncationAndFlip) {
  const std::string file = npy("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2), }\n", shorts({1, 2, 3, 4}));
  for (size_t length = 0; length < file.size(); ++length) EXPECT_FALSE(parse(file.substr(0, length)));
  for (size_t byte = 0; byte < file.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = file;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
      if (const auto array = parse(damaged)) (void)values<char>(*array);  // reads every byte
    }
  }
}

TEST(WriteNpy, GivesTheBytesOfNumPy) {
  TemporaryFolder folder;
  const int16_t numbers[] = {1, 2, 3, 4, 5, 6};
  const Array array{DType::kI16, {2, 3}, reinterpret_cast<const std::byte*>(numbers), nullptr};
  ASSERT_TRUE(write_npy(folder.file("a.npy"), array));
  // np.save of NumPy 2: padded to 128 bytes.
  std::string expected = "\x93NUMPY\x01";
  expected += std::string("\0\x76\0", 3) + "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }";
  expected += std::string(127 - expected.size(), ' ') + "\n" + shorts({1, 2, 3, 4, 5, 6});
  EXPECT_EQ(read_bytes(folder.file("a.npy")), expected);
  const auto back = read_npy(folder.file("a.npy"));
  ASSERT_TRUE(back);
  EXPECT_THAT(values<int16_t>(*back), ElementsAre(1, 2, 3, 4, 5, 6));
}

}  // namespace
}  // namespace kcc::runtime
