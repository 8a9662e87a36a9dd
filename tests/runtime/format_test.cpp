#include "runtime/format.h"

#include <gtest/gtest.h>

#include <cmath>

namespace kcc::runtime {
namespace {

TEST(PythonRepr, WritesFloatsAsPython) {
  const std::pair<double, const char*> rows[] = {{0.0, "0.0"},
                                                 {-0.0, "-0.0"},
                                                 {1.0, "1.0"},
                                                 {0.1, "0.1"},
                                                 {double{0.1f}, "0.10000000149011612"},
                                                 {1e-4, "0.0001"},
                                                 {1e-5, "1e-05"},
                                                 {1.5e-5, "1.5e-05"},
                                                 {123456789012345.0, "123456789012345.0"},
                                                 {1e15, "1000000000000000.0"},
                                                 {1e16, "1e+16"},
                                                 {1.25e100, "1.25e+100"},
                                                 {-2.5, "-2.5"},
                                                 {3e-310, "3e-310"},
                                                 {INFINITY, "inf"},
                                                 {-INFINITY, "-inf"},
                                                 {NAN, "nan"}};
  for (const auto& [value, text] : rows) EXPECT_EQ(python_repr(value), text);
}

TEST(JsonNumber, SpellsWhatJsonHasNoNumberFor) {
  EXPECT_EQ(json_number(0.5), "0.5");
  EXPECT_EQ(json_number(NAN), "NaN");
  EXPECT_EQ(json_number(-INFINITY), "-Infinity");
}

TEST(JsonString, Escapes) {
  EXPECT_EQ(json_string("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\"");
}

TEST(WithThousands, SetsCommas) {
  const std::pair<int64_t, const char*> rows[] = {
      {0, "0"}, {999, "999"}, {1000, "1,000"}, {1234567, "1,234,567"}, {-1000, "-1,000"}, {-100, "-100"}};
  for (const auto& [value, text] : rows) EXPECT_EQ(with_thousands(value), text);
}

TEST(MemorySize, ChoosesTheUnit) {
  EXPECT_EQ(memory_size(1023), "1023.00 B");
  EXPECT_EQ(memory_size(4936), "4.82 KB");
  EXPECT_EQ(memory_size(int64_t{5} << 30), "5.00 GB");
}

}  // namespace
}  // namespace kcc::runtime
