// Lexer: the text of a Python file -> tokens with places; indentation becomes tokens of its own, as in Python.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/support/diagnostics.h"
#include "frontend/python/syntax.h"

namespace kcc::python {

enum class TokenKind { kName, kInteger, kFloat, kString, kFormatted, kOperator, kNewline, kIndent, kDedent, kEnd };

struct Token {
  TokenKind kind;
  Mark mark;
  std::string text;  // of a string: its value
  int64_t integer = 0;
  double number = 0;
};

// Empty after an error. The last token is kEnd.
std::optional<std::vector<Token>> tokenize(const std::string& source, const std::string& file,
                                           Diagnostics& diagnostics);

}  // namespace kcc::python
