#include "frontend/json.h"

#include <gtest/gtest.h>

#include <cmath>

namespace kcc::json {
namespace {

Value parsed(const std::string& text) {
  Diagnostics diagnostics;
  const auto value = parse(text, "m.json", diagnostics);
  EXPECT_TRUE(value) << diagnostics.render(false);
  return value.value_or(Value{});
}

TEST(Json, ReadsWhatPythonWrites) {
  const Value v = parsed(
      R"({"a": [1, -2.5e3, true, null], "nan": NaN, "low": -Infinity, "big": 123456789012345678901, "tiny": 1e-400})");
  const std::vector<Value>& a = v.find("a")->items;
  EXPECT_EQ(a[0].kind, Kind::kInteger);
  EXPECT_EQ(a[0].integer, 1);
  EXPECT_EQ(a[0].number, 1);
  EXPECT_EQ(a[1].kind, Kind::kNumber);
  EXPECT_EQ(a[1].number, -2500);
  EXPECT_TRUE(a[2].boolean);
  EXPECT_TRUE(a[3].is_null());
  EXPECT_TRUE(std::isnan(v.find("nan")->number));
  EXPECT_EQ(v.find("low")->number, -INFINITY);
  EXPECT_EQ(v.find("big")->kind, Kind::kNumber);
  EXPECT_EQ(v.find("big")->number, 123456789012345678901.0);
  EXPECT_EQ(v.find("tiny")->number, 0);
  EXPECT_EQ(v.find("none"), nullptr);
}

TEST(Json, ReadsStrings) {
  const std::pair<const char*, const char*> rows[] = {
      {R"("")", ""},
      {R"("a\"b\\c\/d\n\t")", "a\"b\\c/d\n\t"},
      {R"("\u00e9")", "\xC3\xA9"},
      {R"("\u20AC")", "\xE2\x82\xAC"},
      {R"("\ud83d\ude00")", "\xF0\x9F\x98\x80"},
      {"\"\xC3\xA9\"", "\xC3\xA9"},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(parsed(text).text, expected) << text;
}

TEST(Json, KnowsWhereValuesStart) {
  const Value v = parsed("{\n  \"a\": 1,\n  \"b\": [\n    \"x\", {\"c\": 2}]}\n");
  EXPECT_EQ(v.members[0].mark.line, 2);
  EXPECT_EQ(v.members[0].mark.column, 3);
  EXPECT_EQ(v.find("a")->mark.column, 8);
  const Value& c = *v.find("b")->items[1].find("c");
  EXPECT_EQ(c.mark.line, 4);
  EXPECT_EQ(c.mark.column, 16);
}

TEST(Json, RefusesWhatIsNotJson) {
  const char* rows[] = {"",          "{",           "[1,]",
                        "[1 2]",     "{\"a\" 1}",   "{a: 1}",
                        "nul",       "+1",          ".5",
                        "1.",        "1e",          "-",
                        "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\\ud800\"",
                        "\"\n\"",    "[1]]",        "{\"a\":1,\"a\":2}",
                        "'a'"};
  for (const char* text : rows) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse(text, "m.json", diagnostics)) << text;
    EXPECT_EQ(diagnostics.errors().size(), 1u) << text;
  }
}

TEST(Json, ShortensValuesInMessages) {
  EXPECT_EQ(to_text(parsed(R"(["a", 2.0, 3, {"b": null}])")), "['a', 2.0, 3, {'b': null}]");
  EXPECT_EQ(to_text(parsed("[" + std::string(100, '1') + "]")).size(), 23u);
  EXPECT_LE(to_text(parsed("\"" + std::string(1000, 'x') + "\"")).size(), 63u);
}

}  // namespace
}  // namespace kcc::json
