#include "runtime/callbacks/python_call.h"

#include <cctype>
#include <charconv>
#include <optional>

#include "runtime/format.h"

namespace kcc::runtime {
namespace {

bool begins_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}

bool continues_name(char c) {
  return begins_name(c) || std::isdigit(static_cast<unsigned char>(c));
}

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  Result<PythonCall> call() {
    PythonCall call;
    do {
      call.name = name();
    } while (!call.name.empty() && take('.'));
    if (call.name.empty()) return expected("a callback such as EarlyStopping(patience=2)");
    if (at_end()) return call;
    if (!take('(')) return expected("'('");
    while (!take(')')) {
      if (Status status = argument(&call); !status) return status.error();
      if (take(',')) continue;
      if (!take(')')) return expected("',' or ')'");
      break;
    }
    if (!at_end()) return expected("nothing after ')'");
    return call;
  }

 private:
  Error expected(const char* what) const {
    const std::string rest = text_.substr(at_);
    return make_error("expected %s, received '%s'", what, rest.empty() ? text_.c_str() : rest.c_str());
  }

  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  bool at_end() {
    skip_spaces();
    return at_ == text_.size();
  }

  char peek() {
    skip_spaces();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  std::string name() {
    if (!begins_name(peek())) return "";
    const size_t first = at_;
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    return text_.substr(first, at_ - first);
  }

  Status argument(PythonCall* call) {
    const size_t first = at_;
    const std::string keyword = name();
    if (!keyword.empty() && take('=')) {
      Result<PythonValue> argument = value();
      if (!argument) return argument.error();
      for (const auto& [known, unused] : call->keywords) {
        if (known == keyword) return make_error("keyword argument repeated: %s", keyword.c_str());
      }
      call->keywords.emplace_back(keyword, std::move(*argument));
      return {};
    }
    at_ = first;
    if (!call->keywords.empty()) return make_error("positional argument follows keyword argument");
    Result<PythonValue> argument = value();
    if (!argument) return argument.error();
    call->positional.push_back(std::move(*argument));
    return {};
  }

  Result<PythonValue> value() {
    const char c = peek();
    if (c == '\'' || c == '"') return string();
    if (c == '[' || c == '(') return list();
    if (begins_name(c)) return word();
    return number();
  }

  Result<PythonValue> number() {
    const size_t first = at_;
    const bool negative = take('-');
    if (!negative) take('+');
    skip_spaces();
    PythonValue value;
    if (!scan_python_number(text_, &at_, &value)) {
      at_ = first;
      return expected("a value");
    }
    if (!negative) return value;
    if (const int64_t* integer = std::get_if<int64_t>(&value.content)) return PythonValue{-*integer};
    return PythonValue{-std::get<double>(value.content)};
  }

  Result<PythonValue> word() {
    const size_t first = at_;
    const std::string word = name();
    if (word == "None") return PythonValue{PythonNone()};
    if (word == "True") return PythonValue{true};
    if (word == "False") return PythonValue{false};
    if (word == "lambda") return lambda();
    at_ = first;
    return expected("a string, a number, True, False or None");
  }

  Result<PythonValue> string() {
    const size_t first = at_;
    const char quote = text_[at_++];
    std::string content;
    while (at_ < text_.size() && text_[at_] != quote) {
      char c = text_[at_++];
      if (c == '\\' && at_ < text_.size()) {
        c = text_[at_++];
        if (c == 't')
          c = '\t';
        else if (c == 'n')
          c = '\n';
        else if (c != '\\' && c != '\'' && c != '"')
          content += '\\';  // as Python keeps what it does not know
      }
      content += c;
    }
    if (at_ == text_.size()) {
      at_ = first;
      return expected("a string with its closing quote");
    }
    ++at_;
    return PythonValue{std::move(content)};
  }

  Result<PythonValue> list() {
    const char close = text_[at_++] == '[' ? ']' : ')';
    std::vector<PythonValue> values;
    while (!take(close)) {
      Result<PythonValue> element = value();
      if (!element) return element;
      values.push_back(std::move(*element));
      if (take(',')) continue;
      if (!take(close)) return expected(close == ']' ? "',' or ']'" : "',' or ')'");
      break;
    }
    return PythonValue{std::move(values)};
  }

  // The body goes on to the comma or the bracket that ends the argument.
  Result<PythonValue> lambda() {
    PythonLambda lambda;
    do {
      lambda.parameters.push_back(name());
      if (lambda.parameters.back().empty()) return expected("a parameter of the lambda");
    } while (take(','));
    if (!take(':')) return expected("':' after the lambda's parameters");
    const size_t first = at_;
    for (int64_t depth = 0; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (depth == 0 && (c == ',' || c == ')')) break;
      depth += (c == '(') - (c == ')');
    }
    lambda.body = text_.substr(first, at_ - first);
    return PythonValue{std::move(lambda)};
  }

  const std::string& text_;
  size_t at_ = 0;
};

}  // namespace

Result<PythonCall> parse_python_call(const std::string& text) {
  return Parser(text).call();
}

bool scan_python_number(const std::string& text, size_t* at, PythonValue* value) {
  const char *const first = text.data() + *at, *const end = text.data() + text.size();
  if (first == end || !(std::isdigit(static_cast<unsigned char>(*first)) || *first == '.')) return false;
  int64_t integer = 0;
  double number = 0;
  const auto whole = std::from_chars(first, end, integer);
  const auto real = std::from_chars(first, end, number);
  if (real.ec != std::errc()) return false;
  const bool is_integer = whole.ec == std::errc() && whole.ptr == real.ptr;
  *value = is_integer ? PythonValue{integer} : PythonValue{number};
  *at += static_cast<size_t>(real.ptr - first);
  return true;
}

std::string python_repr(const PythonValue& value) {
  struct Printer {
    std::string operator()(PythonNone) const { return "None"; }
    std::string operator()(bool flag) const { return flag ? "True" : "False"; }
    std::string operator()(int64_t integer) const { return std::to_string(integer); }
    std::string operator()(double number) const { return python_repr(number); }
    std::string operator()(const std::string& text) const { return "'" + text + "'"; }
    std::string operator()(const std::vector<PythonValue>& values) const {
      std::vector<std::string> parts;
      for (const PythonValue& element : values) parts.push_back(python_repr(element));
      return "[" + join(parts, ", ") + "]";
    }
    std::string operator()(const PythonLambda& lambda) const {
      return "lambda " + join(lambda.parameters, ", ") + ":" + lambda.body;
    }
  };
  return std::visit(Printer(), value.content);
}

}  // namespace kcc::runtime
