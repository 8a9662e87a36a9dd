#include "frontend/python/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

namespace kcc::python {
namespace {

constexpr size_t kMostBytes = 1 << 20;
constexpr size_t kMostIndents = 50;

// Longest first.
constexpr std::string_view kOperators[] = {"**=", "//=", ">>=", "<<=", "...", "!=", "==", "<=", ">=", "->", ":=", "+=",
                                           "-=",  "*=",  "/=",  "%=",  "@=",  "&=", "|=", "^=", "**", "//", "<<", ">>",
                                           "+",   "-",   "*",   "/",   "%",   "@",  "&",  "|",  "^",  "~",  "<",  ">",
                                           "(",   ")",   "[",   "]",   "{",   "}",  ",",  ":",  ".",  ";",  "="};

bool starts_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}
bool continues_name(char c) {
  return starts_name(c) || is_digit(c);
}

class Lexer {
 public:
  Lexer(const std::string& text, const std::string& file, Diagnostics& diagnostics)
      : text_(text), file_(file), diagnostics_(diagnostics) {}

  std::optional<std::vector<Token>> run() {
    if (text_.size() > kMostBytes) fail("the file is longer than 1 MiB");
    if (text_.rfind("\xef\xbb\xbf", 0) == 0) at_ = line_start_ = 3;
    while (!failed_ && at_ < text_.size()) step();
    if (failed_) return std::nullopt;
    if (!tokens_.empty() && tokens_.back().kind != TokenKind::kNewline) push(TokenKind::kNewline, at_, "");
    for (; indents_.size() > 1; indents_.pop_back()) push(TokenKind::kDedent, at_, "");
    push(TokenKind::kEnd, at_, "");
    return std::move(tokens_);
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  // Columns count characters, of which UTF-8 may need several bytes. Places mostly follow one another, and lines may
  // be long: counting goes on where it stopped.
  Mark mark_of(size_t at) {
    if (counted_to_ < line_start_ || at < counted_to_) {
      counted_to_ = std::min(line_start_, at);
      column_ = 1;
    }
    for (; counted_to_ < at; ++counted_to_) column_ += (static_cast<unsigned char>(text_[counted_to_]) & 0xc0) != 0x80;
    return {line_, column_};
  }

  void push(TokenKind kind, size_t start, std::string text) {
    tokens_.push_back({kind, mark_of(start), std::move(text)});
  }

  void fail(std::string message, std::string hint = "") {
    const Mark mark = mark_of(std::min(at_, text_.size()));
    if (!failed_) diagnostics_.error({file_, mark.line, mark.column}, std::move(message), std::move(hint));
    failed_ = true;
  }

  void step() {
    if (at_line_start_ && brackets_ == 0) return indentation();
    const char c = peek();
    if (c == '\n') return newline();
    if (c == ' ' || c == '\t' || c == '\r' || c == '\f') return void(++at_);
    if (c == '#') return comment();
    if (c == '\\' && (peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n'))) return continuation();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (const auto prefix = string_prefix()) return string(*prefix);
    if (starts_name(c)) return name();
    symbol();
  }

  void next_line() {
    ++line_;
    line_start_ = at_;
  }

  void newline() {
    if (brackets_ == 0) push(TokenKind::kNewline, at_, "");
    ++at_;
    next_line();
    at_line_start_ = brackets_ == 0;
  }

  void comment() {
    while (at_ < text_.size() && peek() != '\n') ++at_;
  }

  void continuation() {
    at_ += peek(1) == '\r' ? 3 : 2;
    next_line();
  }

  // Lines without code have no say.
  void indentation() {
    size_t width = 0;
    for (; peek() == ' ' || peek() == '\t' || peek() == '\f'; ++at_) width += peek() == '\t' ? 8 - width % 8 : 1;
    if (peek() == '\r' && peek(1) == '\n') ++at_;
    if (peek() == '#') comment();
    if (at_ >= text_.size()) return;
    if (peek() == '\n') {
      ++at_;
      return next_line();
    }
    at_line_start_ = false;
    if (width > indents_.back()) {
      if (indents_.size() > kMostIndents) return fail("blocks are nested too deep");
      indents_.push_back(width);
      return push(TokenKind::kIndent, at_, "");
    }
    for (; width < indents_.back(); indents_.pop_back()) push(TokenKind::kDedent, at_, "");
    if (width != indents_.back()) fail("the line's indentation is that of no block around it");
  }

  void name() {
    const size_t start = at_;
    while (continues_name(peek())) ++at_;
    push(TokenKind::kName, start, text_.substr(start, at_ - start));
  }

  void number() {
    const size_t start = at_;
    const bool has_base = peek() == '0' && std::string_view("xXoObB").find(peek(1)) != std::string_view::npos;
    const auto exponent_sign = [&] {
      return !has_base && (peek() == '+' || peek() == '-') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
    };
    while (continues_name(peek()) || (peek() == '.' && !has_base) || exponent_sign()) ++at_;
    std::string digits = text_.substr(start, at_ - start);
    digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
    Token token{TokenKind::kInteger, mark_of(start), digits};
    const char* begin = digits.data() + (has_base ? 2 : 0);
    const char* end = digits.data() + digits.size();
    const int base = !has_base ? 10 : (digits[1] | 32) == 'x' ? 16 : (digits[1] | 32) == 'o' ? 8 : 2;
    const auto whole = std::from_chars(begin, end, token.integer, base);
    if (whole.ec == std::errc() && whole.ptr == end) return tokens_.push_back(token);
    token.kind = TokenKind::kFloat;
    const auto real = std::from_chars(begin, end, token.number);
    if (!has_base && real.ec == std::errc() && real.ptr == end && digits.find_first_of(".eE") != std::string::npos)
      return tokens_.push_back(token);
    at_ = start;
    fail(fmt::format("'{}' is no number that kcc can hold", digits));
  }

  // Length of what stands before a string's quotes, if a string starts here.
  std::optional<size_t> string_prefix() const {
    size_t n = 0;
    while (n < 2 && std::string_view("rRbBfFuU").find(peek(n)) != std::string_view::npos) ++n;
    if (peek(n) != '"' && peek(n) != '\'') return std::nullopt;
    return n;
  }

  void string(size_t prefix) {
    const size_t start = at_;
    bool raw = false, formatted = false;
    for (size_t i = 0; i < prefix; ++i, ++at_) {
      raw |= (peek() | 32) == 'r';
      formatted |= (peek() | 32) == 'f';
    }
    const Mark mark = mark_of(start);
    const char quote = peek();
    const bool triple = peek(1) == quote && peek(2) == quote;
    at_ += triple ? 3 : 1;
    std::string value;
    for (;; ++at_) {
      if (at_ >= text_.size() || (peek() == '\n' && !triple)) return fail("a string without its closing quote");
      if (peek() == quote && (!triple || (peek(1) == quote && peek(2) == quote))) break;
      if (peek() == '\\' && at_ + 1 < text_.size()) {
        ++at_;
        value += raw ? std::string{'\\', peek()} : escaped(peek());
      } else {
        value += peek();
      }
      if (peek() == '\n') ++line_, line_start_ = at_ + 1;
    }
    at_ += triple ? 3 : 1;
    tokens_.push_back({formatted ? TokenKind::kFormatted : TokenKind::kString, mark, value});
  }

  // Strings are names of things here: other escapes keep their letters.
  static std::string escaped(char c) {
    if (c == 'n') return "\n";
    if (c == 't') return "\t";
    if (c == '\n') return "";
    return c == '\\' || c == '\'' || c == '"' ? std::string{c} : std::string{'\\', c};
  }

  void symbol() {
    for (std::string_view op : kOperators) {
      if (text_.compare(at_, op.size(), op) != 0) continue;
      push(TokenKind::kOperator, at_, std::string(op));
      at_ += op.size();
      if (op == "(" || op == "[" || op == "{") ++brackets_;
      if ((op == ")" || op == "]" || op == "}") && brackets_ > 0) --brackets_;
      return;
    }
    fail(fmt::format("'{}' has no meaning in Python", peek()));
  }

  const std::string& text_;
  const std::string& file_;
  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
  std::vector<size_t> indents_{0};
  size_t at_ = 0, line_start_ = 0, counted_to_ = 0;
  int line_ = 1, column_ = 1, brackets_ = 0;
  bool at_line_start_ = true, failed_ = false;
};

}  // namespace

std::optional<std::vector<Token>> tokenize(const std::string& source, const std::string& file,
                                           Diagnostics& diagnostics) {
  return Lexer(source, file, diagnostics).run();
}

}  // namespace kcc::python
