#include "frontend/call_syntax.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>

namespace kcc {
namespace {

using json::Kind;
using json::Value;

// Nobody nests schedules in optimizers deeper.
constexpr int kDepthLimit = 20;

class CallParser {
 public:
  CallParser(const std::string& text, const Report& report) : text_(text), report_(report) {}

  std::optional<Value> run() {
    Value value = any(0);
    skip_space();
    if (!failed_ && at_ < text_.size()) fail("the end");
    if (failed_) return std::nullopt;
    return value;
  }

 private:
  json::Mark here() const { return {1, static_cast<int>(at_) + 1}; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  static bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
  static bool continues_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'; }

  void skip_space() {
    while (std::isspace(static_cast<unsigned char>(peek()))) ++at_;
  }

  bool take(char c) {
    skip_space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void fail(const std::string& expected) {
    const std::string seen = at_ < text_.size() ? fmt::format("'{}'", text_.substr(at_, 1)) : "the end";
    if (!failed_) report_.error(here(), fmt::format("found {} in '{}', expected {}", seen, text_, expected));
    failed_ = true;
  }

  Value any(int depth) {
    skip_space();
    Value value;
    value.mark = here();
    if (depth > kDepthLimit) {
      fail("less nesting");
    } else if (peek() == '\'' || peek() == '"') {
      value = json::string_value(quoted(), value.mark);
    } else if (peek() == '[' || peek() == '(') {
      list(value, depth);
    } else if (starts_name(peek())) {
      named(value, depth);
    } else {
      number(value);
    }
    return value;
  }

  std::string quoted() {
    const char quote = text_[at_++];
    const size_t end = text_.find(quote, at_);
    if (end == std::string::npos) return fail("the string's closing quote"), "";
    const std::string text = text_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  void list(Value& value, int depth) {
    const char close = text_[at_++] == '[' ? ']' : ')';
    value.kind = Kind::kArray;
    while (!failed_ && !take(close)) {
      value.items.push_back(any(depth + 1));
      if (!take(',') && !failed_) {
        if (take(close)) return;
        return fail(fmt::format("',' or '{}'", close));
      }
    }
  }

  std::string name() {
    const size_t start = at_;
    while (continues_name(peek())) ++at_;
    return text_.substr(start, at_ - start);
  }

  void named(Value& value, int depth) {
    std::string word = name();
    word = word.substr(word.find_last_of('.') == std::string::npos ? 0 : word.find_last_of('.') + 1);
    if (word == "None") return;
    if (word == "True" || word == "False") {
      value.kind = Kind::kBool;
      value.boolean = word == "True";
    } else if (take('(')) {
      Value config = json::object_value({}, value.mark);
      arguments(config, depth);
      value = json::object_value(
          {{"class_name", value.mark, json::string_value(word, value.mark)}, {"config", config.mark, config}},
          value.mark);
    } else {
      value = json::string_value(word, value.mark);
    }
  }

  void arguments(Value& config, int depth) {
    while (!failed_ && !take(')')) {
      skip_space();
      json::Member argument{fmt::format("#{}", config.members.size()), here(), {}};
      const size_t start = at_;
      const std::string key = starts_name(peek()) ? name() : "";
      if (!key.empty() && take('='))
        argument.key = key;
      else
        at_ = start;
      argument.value = any(depth + 1);
      if (config.find(argument.key))
        report_.error(argument.mark, fmt::format("the argument '{}' is given twice", argument.key));
      config.members.push_back(std::move(argument));
      if (!take(',') && !failed_) {
        if (take(')')) return;
        return fail("',' or ')'");
      }
    }
  }

  void number(Value& value) {
    const char *begin = text_.data() + at_, *end = text_.data() + text_.size();
    if (begin < end && *begin == '+') ++begin;
    const auto as_number = std::from_chars(begin, end, value.number);
    if (as_number.ec != std::errc()) return fail("a name, a number or a string");
    const auto as_integer = std::from_chars(begin, end, value.integer);
    value.kind = as_integer.ec == std::errc() && as_integer.ptr == as_number.ptr ? Kind::kInteger : Kind::kNumber;
    at_ = static_cast<size_t>(as_number.ptr - text_.data());
  }

  const std::string& text_;
  const Report& report_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<json::Value> parse_call(const std::string& text, const Report& report) {
  return CallParser(text, report).run();
}

}  // namespace kcc
