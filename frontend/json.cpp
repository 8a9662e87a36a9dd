#include "frontend/json.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

namespace kcc::json {
namespace {

// Model files nest layers in models, about six levels a model.
constexpr int kDepthLimit = 200;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& text, uint32_t code) {
  const auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xC0 | code >> 6), put(0x80 | (code & 63));
  if (code < 0x10000) return put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
  put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 63)), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
}

// Recursive descent. After the first error every function returns at once.
class Parser {
 public:
  Parser(std::string_view text, const std::string& file, Diagnostics& diagnostics)
      : text_(text), file_(file), diagnostics_(diagnostics) {}

  std::optional<Value> document() {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") text_.remove_prefix(3);
    Value value = any(0);
    skip_space();
    if (!failed_ && at_ < text_.size()) fail("unexpected text after the end of the JSON value");
    if (failed_) return std::nullopt;
    return value;
  }

 private:
  Mark here() const { return {line_, static_cast<int>(at_ - line_start_) + 1}; }

  void fail(std::string message) { fail_at(here(), std::move(message)); }
  void fail_at(Mark mark, std::string message) {
    if (!failed_) diagnostics_.error({file_, mark.line, mark.column, ""}, std::move(message));
    failed_ = true;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // What is seen, for messages.
  std::string seen() const {
    if (at_ >= text_.size()) return "the end of the file";
    unsigned char c = static_cast<unsigned char>(text_[at_]);
    return c < 0x20 || c >= 0x7F ? fmt::format("byte 0x{:02x}", c) : fmt::format("'{}'", text_[at_]);
  }

  void skip_space() {
    for (; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }

  bool take(char c) {
    skip_space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  Value any(int depth) {
    skip_space();
    Value value;
    value.mark = here();
    if (depth > kDepthLimit) {
      fail(fmt::format("nested more than {} levels deep", kDepthLimit));
    } else if (peek() == '{') {
      object(value, depth);
    } else if (peek() == '[') {
      array(value, depth);
    } else if (peek() == '"') {
      value.kind = Kind::kString;
      value.text = string();
    } else if (is_digit(peek()) || peek() == '-') {
      number(value);
    } else {
      literal(value);
    }
    return value;
  }

  void literal(Value& value) {
    if (word("null")) return;
    if (word("true") || word("false")) {
      value.kind = Kind::kBool;
      value.boolean = text_[at_ - 2] == 'u';
    } else if (word("NaN")) {
      value.kind = Kind::kNumber;
      value.number = std::numeric_limits<double>::quiet_NaN();
    } else if (word("Infinity")) {
      value.kind = Kind::kNumber;
      value.number = std::numeric_limits<double>::infinity();
    } else {
      fail(fmt::format("unexpected {}, expected a JSON value", seen()));
    }
  }

  void number(Value& value) {
    const size_t start = at_;
    if (peek() == '-') ++at_;
    value.kind = Kind::kNumber;
    if (at_ > start && word("Infinity")) {
      value.number = -std::numeric_limits<double>::infinity();
      return;
    }
    const bool leading_zero = peek() == '0';
    const size_t digits_start = at_;
    digits();
    if (leading_zero && at_ > digits_start + 1) fail("a number must not start with 0");
    bool integer = true;
    if (peek() == '.') {
      integer = false;
      ++at_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      integer = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits();
    }
    if (failed_) return;
    const char *begin = text_.data() + start, *end = text_.data() + at_;
    const bool out_of_range = std::from_chars(begin, end, value.number).ec == std::errc::result_out_of_range;
    if (out_of_range) value.number = std::strtod(std::string(begin, end).c_str(), nullptr);
    if (integer && std::from_chars(begin, end, value.integer).ec == std::errc()) value.kind = Kind::kInteger;
  }

  void digits() {
    if (!is_digit(peek())) return fail(fmt::format("unexpected {}, expected a digit", seen()));
    while (is_digit(peek())) ++at_;
  }

  void array(Value& value, int depth) {
    value.kind = Kind::kArray;
    ++at_;
    if (take(']')) return;
    while (!failed_) {
      value.items.push_back(any(depth + 1));
      if (failed_ || take(']')) return;
      if (!take(',')) fail(fmt::format("unexpected {}, expected ',' or ']' in the array", seen()));
    }
  }

  void object(Value& value, int depth) {
    value.kind = Kind::kObject;
    ++at_;
    if (take('}')) return;
    std::set<std::string> keys;
    while (!failed_) {
      skip_space();
      Member member;
      member.mark = here();
      if (peek() != '"') return fail(fmt::format("unexpected {}, expected a key in double quotes", seen()));
      member.key = string();
      if (!failed_ && !keys.insert(member.key).second)
        return fail_at(member.mark, fmt::format("duplicate key '{}'", member.key));
      if (!failed_ && !take(':'))
        return fail(fmt::format("unexpected {}, expected ':' after the key '{}'", seen(), member.key));
      if (!failed_) member.value = any(depth + 1);
      value.members.push_back(std::move(member));
      if (failed_ || take('}')) return;
      if (!take(',')) fail(fmt::format("unexpected {}, expected ',' or '}}' in the object", seen()));
    }
  }

  std::string string() {
    const Mark start = here();
    std::string text;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return text;
      }
      if (static_cast<unsigned char>(c) < 0x20) return fail_at(start, "a string that does not end on its line"), text;
      if (c != '\\') {
        text += c;
        continue;
      }
      ++at_;
      escape(text);
      if (failed_) return text;
    }
    fail_at(start, "a string that does not end");
    return text;
  }

  // At the character after the backslash; leaves at_ on the escape's last character.
  void escape(std::string& text) {
    static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    const size_t index = kFrom.find(peek());
    if (at_ < text_.size() && index != std::string_view::npos) {
      text += kTo[index];
      return;
    }
    if (peek() != 'u') return fail(fmt::format("unknown escape '\\' followed by {}", seen()));
    ++at_;
    uint32_t code = hex4();
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      const uint32_t low = hex4();
      code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : 0xD800;
    }
    --at_;
    if (code >= 0xD800 && code < 0xE000) return fail("half of a surrogate pair in a \\u escape");
    append_utf8(text, code);
  }

  uint32_t hex4() {
    uint32_t code = 0;
    const char* begin = text_.data() + at_;
    const bool fits = at_ + 4 <= text_.size();
    if (!fits || std::from_chars(begin, begin + 4, code, 16).ptr != begin + 4)
      fail("expected four hexadecimal digits after \\u");
    if (fits) at_ += 4;
    return code;
  }

  std::string_view text_;
  const std::string& file_;
  Diagnostics& diagnostics_;
  size_t at_ = 0, line_start_ = 0;
  int line_ = 1;
  bool failed_ = false;
};

}  // namespace

std::optional<Value> parse(const std::string& text, const std::string& file, Diagnostics& diagnostics) {
  return Parser(text, file, diagnostics).document();
}

}  // namespace kcc::json
