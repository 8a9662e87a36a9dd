#include "frontend/python/cursor.h"

#include <algorithm>
#include <string_view>

namespace kcc::python {

bool is_keyword(const std::string& word) {
  static constexpr std::string_view kWords[] = {
      "False",  "None",     "True",   "and",    "as",   "assert", "async",  "await",   "break",
      "class",  "continue", "def",    "del",    "elif", "else",   "except", "for",     "from",
      "global", "if",       "import", "in",     "is",   "lambda", "not",    "finally", "nonlocal",
      "or",     "pass",     "raise",  "return", "try",  "while",  "with",   "yield"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

std::string Cursor::expect_name(const char* what) {
  if (is(TokenKind::kName) && !is_keyword(peek().text)) return take().text;
  expected(what);
  return "";
}

void Cursor::fail(Mark mark, std::string message, std::string hint) {
  if (!failed_) diagnostics_.error({file_, mark.line, mark.column}, std::move(message), std::move(hint));
  failed_ = true;
}

void Cursor::expected(const std::string& what) {
  std::string seen;
  switch (peek().kind) {
    case TokenKind::kEnd:
      seen = "the end of the file";
      break;
    case TokenKind::kNewline:
      seen = "the end of the line";
      break;
    case TokenKind::kIndent:
    case TokenKind::kDedent:
      seen = "another indentation";
      break;
    case TokenKind::kString:
    case TokenKind::kFormatted:
      seen = "a string";
      break;
    default:
      seen = fmt::format("'{}'", peek().text);
  }
  fail(mark(), fmt::format("found {}, expected {}", seen, what));
}

}  // namespace kcc::python
