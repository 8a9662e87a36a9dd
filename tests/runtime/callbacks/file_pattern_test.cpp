#include "runtime/callbacks/file_pattern.h"

#include <gtest/gtest.h>

namespace kcc::runtime {
namespace {

const Fields kFields = {
    {"epoch", int64_t{7}}, {"batch", int64_t{12345}}, {"loss", 0.123456789}, {"val_loss", -1234.5}, {"big", 1e22}};

TEST(FilePattern, GivesWhatPythonsFormatGives) {
  const std::pair<const char*, const char*> rows[] = {
      {"a.h5", "a.h5"},
      {"{epoch}", "7"},
      {"{epoch:02d}-{val_loss:.2f}", "07--1234.50"},
      {"{{x}}{epoch}", "{x}7"},
      {"{epoch:4d}|", "   7|"},
      {"{epoch:<4d}|", "7   |"},
      {"{epoch:^5d}|", "  7  |"},
      {"{epoch:*>4}", "***7"},
      {"{epoch:+d}", "+7"},
      {"{epoch: d}", " 7"},
      {"{epoch:04.1f}", "07.0"},
      {"{batch:,}", "12,345"},
      {"{batch:08d}", "00012345"},
      {"{loss}", "0.123456789"},
      {"{loss:.3}", "0.123"},
      {"{loss:e}", "1.234568e-01"},
      {"{loss:.1%}", "12.3%"},
      {"{loss:g}", "0.123457"},
      {"{loss:10.4f}|", "    0.1235|"},
      {"{val_loss:010.2f}", "-001234.50"},
      {"{val_loss:.0f}", "-1234"},
      {"{val_loss:,.1f}", "-1,234.5"},
      {"{big:.3}", "1e+22"},
      {"{big}", "1e+22"},
      {"{epoch:.3e}", "7.000e+00"},
      {"{epoch:03}", "007"},
      {"{val_loss:=10}", "-   1234.5"},
      {"{loss:.2E}", "1.23E-01"},
  };
  for (const auto& [pattern, expected] : rows) {
    const Result<Formatted> seen = format_fields(pattern, kFields);
    ASSERT_TRUE(seen) << pattern << ": " << seen.error().message;
    EXPECT_EQ(seen->text, expected) << pattern;
    EXPECT_EQ(seen->missing, "");
  }
}

TEST(FilePattern, NamesTheFirstFieldThatIsMissing) {
  const Result<Formatted> seen = format_fields("{epoch}-{mape:.2f}-{x}", kFields);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->missing, "mape");
}

TEST(FilePattern, RefusesWhatPythonRefuses) {
  const std::pair<const char*, const char*> rows[] = {
      {"a}b", "Single '}' encountered in format string"},
      {"a{epoch", "expected '}' before end of string"},
      {"{loss:d}", "Unknown format code 'd' for object of type 'float'"},
      {"{epoch:.2d}", "Precision not allowed in integer format specifier"},
      {"{loss:.f}", "Format specifier missing precision"},
      {"{loss:.2ff}", "Invalid format specifier '.2ff'"},
  };
  for (const auto& [pattern, message] : rows) {
    const Result<Formatted> seen = format_fields(pattern, kFields);
    ASSERT_FALSE(seen) << pattern;
    EXPECT_EQ(seen.error().message, message);
  }
}

}  // namespace
}  // namespace kcc::runtime
