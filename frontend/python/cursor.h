// Cursor: the parsers' place in the list of tokens. After the first error it stays where it is and all questions are
// answered "no", so that every loop ends.
#pragma once

#include <fmt/format.h>

#include "frontend/python/lexer.h"

namespace kcc::python {

class Cursor {
 public:
  Cursor(const std::vector<Token>& tokens, const std::string& file, Diagnostics& diagnostics)
      : tokens_(tokens), file_(file), diagnostics_(diagnostics) {}

  bool failed() const { return failed_; }
  const std::string& file() const { return file_; }
  const Token& peek(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  Mark mark() const { return peek().mark; }

  bool is(TokenKind kind) const { return !failed_ && peek().kind == kind; }
  bool is(TokenKind kind, const char* text) const { return is(kind) && peek().text == text; }
  bool is(const char* op) const { return is(TokenKind::kOperator, op); }
  bool is_word(const char* word) const { return is(TokenKind::kName, word); }

  Token take() { return failed_ ? peek() : tokens_[std::min(at_++, tokens_.size() - 1)]; }
  bool accept(TokenKind kind) { return is(kind) && (take(), true); }
  bool accept(const char* op) { return is(op) && (take(), true); }
  bool accept_word(const char* word) { return is_word(word) && (take(), true); }
  void expect(const char* op) {
    if (!accept(op)) expected(fmt::format("'{}'", op));
  }
  std::string expect_name(const char* what);

  void fail(Mark mark, std::string message, std::string hint = "");
  void expected(const std::string& what);

 private:
  const std::vector<Token>& tokens_;
  const std::string& file_;
  Diagnostics& diagnostics_;
  size_t at_ = 0;
  bool failed_ = false;
};

bool is_keyword(const std::string& word);

}  // namespace kcc::python
