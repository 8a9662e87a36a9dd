#include "runtime/data/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace kcc::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ParseCsv, ReadsNumbers) {
  const auto table = parse_csv("x.csv", "1,2.5,-3e2\r\n+4, 5 ,\"6\"\n\n");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->columns, 3);
  EXPECT_THAT(table->names, IsEmpty());
  EXPECT_THAT(table->values, ElementsAre(1, 2.5, -300, 4, 5, 6));
}

TEST(ParseCsv, ReadsExtremes) {
  const auto table = parse_csv("x.csv", "inf,-Infinity,1e999,-1e999,1e-999,nan,0.1");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_TRUE(std::isnan(table->values[5]));
  EXPECT_EQ(table->values[6], 0.1);
  EXPECT_THAT(std::vector<double>(table->values.begin(), table->values.begin() + 5),
              ElementsAre(INFINITY, -INFINITY, INFINITY, -INFINITY, 0));
}

TEST(ParseCsv, FindsTheHeader) {
  struct Row {
    const char* text;
    std::vector<std::string> names;
  };
  const Row rows[] = {
      {"a,b\n1,2", {"a", "b"}},
      {"\xef\xbb\xbf"
       "a,b\n1,2",
       {"a", "b"}},
      {"\"a,1\",\"say \"\"b\"\"\"\n1,2", {"a,1", "say \"b\""}},
      {"\"0\",\"1\"\n1,2", {"0", "1"}},
      {",b\n1,2", {"", "b"}},
      {"\"two\nlines\",b\r\n1,2", {"two\nlines", "b"}},
  };
  for (const Row& row : rows) {
    const auto table = parse_csv("x.csv", row.text);
    ASSERT_TRUE(table) << row.text << table.error().message;
    EXPECT_EQ(table->names, row.names);
    EXPECT_THAT(table->values, ElementsAre(1, 2));
  }
}

TEST(ParseCsv, NamesLineAndColumn) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "x.csv: no rows of numbers"},
      {"a,b\n", "x.csv: no rows of numbers"},
      {"1,2\n3,x\n", "x.csv:2:3: got 'x', expected a number"},
      {"1,2\n3,\n", "x.csv:2:3: missing value, expected a number"},
      {"1,2\n3,4,5\n", "x.csv:2:1: got 3 fields, expected 2 as in the first line"},
      {"1;2\n3;4\n", "x.csv:2:1: got '3;4', expected a number"},
      {"1,2\n\"3,4\n", "x.csv:2:1: no closing quote"},
      {"1,2\n\"3\"x,4\n", "x.csv:2:4: expected ',' or the line's end after a quoted field"},
      {"1,0x10\n",
       "x.csv:1:3: '0x10' among numbers: expected all names (a header) or all numbers; quote the names of a "
       "header that are numbers"},
      {"1,2\n3,0x10\n", "x.csv:2:3: got '0x10', expected a number"},
      {"1,2\n3,+-4\n", "x.csv:2:3: got '+-4', expected a number"},
      {"a,b\n\"1\n\",2\nx,3", "x.csv:2:1: got '1\n', expected a number"},
  };
  for (const auto& [text, expected] : rows) {
    const auto table = parse_csv("x.csv", text);
    ASSERT_FALSE(table) << text;
    EXPECT_EQ(table.error().message, expected);
  }
}

TEST(FindCsvColumn, ByNameOrIndex) {
  const CsvTable table{{"a", "b", "7", "b"}, 4, {}};
  const std::pair<const char*, int64_t> rows[] = {{"a", 0}, {"7", 2}, {"0", 0}, {"-1", 3}, {"-4", 0}};
  for (const auto& [column, expected] : rows) {
    const auto found = find_csv_column("x.csv", table, column);
    ASSERT_TRUE(found) << column;
    EXPECT_EQ(*found, expected);
  }
  EXPECT_EQ(find_csv_column("x.csv", table, "c").error().message,
            "x.csv: no column 'c', it has 4 columns named 'a', 'b', '7', 'b'");
  EXPECT_EQ(find_csv_column("x.csv", table, "b").error().message,
            "x.csv: several columns have the name 'b', expected one");
  EXPECT_EQ(find_csv_column("x.csv", CsvTable{{}, 2, {}}, "2").error().message,
            "x.csv: no column '2', it has 2 columns without names");
}

}  // namespace
}  // namespace kcc::runtime
