#include "runtime/callbacks/file_pattern.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/callbacks/arithmetic.h"
#include "runtime/format.h"

namespace kcc::runtime {
namespace {

// [[fill]align][sign][#][0][width][,][.precision][type], of Python's format specification what numbers take.
struct Spec {
  char fill = ' ', align = '\0', sign = '-', type = '\0';
  int64_t width = 0, precision = -1;
  bool commas = false;
};

constexpr int64_t kWidest = 1000;

bool one_of(char c, const char* set) {
  return c != '\0' && std::strchr(set, c) != nullptr;
}

int64_t scan_digits(const std::string& text, size_t* at) {
  int64_t value = 0;
  for (; *at < text.size() && text[*at] >= '0' && text[*at] <= '9'; ++*at) {
    value = std::min(value * 10 + (text[*at] - '0'), kWidest);
  }
  return value;
}

Result<Spec> parse_spec(const std::string& text) {
  Spec spec;
  size_t at = 0;
  const auto next = [&] { return at < text.size() ? text[at] : '\0'; };
  if (text.size() > 1 && one_of(text[1], "<>=^")) {
    spec.fill = text[0];
    spec.align = text[1];
    at = 2;
  } else if (one_of(next(), "<>=^")) {
    spec.align = text[at++];
  }
  if (one_of(next(), "+- ")) spec.sign = text[at++];
  if (next() == '0') {
    ++at;
    if (spec.align == '\0') spec.fill = '0', spec.align = '=';
  }
  spec.width = scan_digits(text, &at);
  if (next() == ',') spec.commas = true, ++at;
  if (next() == '.') {
    const size_t first = ++at;
    spec.precision = scan_digits(text, &at);
    if (at == first) return make_error("Format specifier missing precision");
  }
  if (at < text.size()) spec.type = text[at++];
  if (at < text.size()) return make_error("Invalid format specifier '%s'", text.c_str());
  return spec;
}

// Of a number's magnitude; the sign comes later.
Result<std::string> print_integer(int64_t value, const Spec& spec) {
  if (spec.precision >= 0) return make_error("Precision not allowed in integer format specifier");
  return std::to_string(value);
}

// Without a type: repr, or with a precision as 'g' but never like an integer.
std::string print_general(double value, int64_t precision) {
  if (precision < 0) return python_repr(value);
  std::string text = format("%.*g", static_cast<int>(std::max<int64_t>(precision, 1)), value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string print_float(double value, const Spec& spec) {
  const int precision = spec.precision < 0 ? 6 : static_cast<int>(spec.precision);
  if (spec.type == '\0') return print_general(value, spec.precision);
  if (spec.type == '%') return format("%.*f%%", precision, value * 100);
  const char pattern[] = {'%', '.', '*', spec.type, '\0'};
  char text[1400];
  std::snprintf(text, sizeof(text), pattern, precision, value);
  return text;
}

// Between each three digits of the whole part.
std::string with_commas(std::string digits) {
  for (size_t at = std::min(digits.find_first_not_of("0123456789"), digits.size()); at > 3;)
    digits.insert(at -= 3, ",");
  return digits;
}

std::string pad(std::string digits, bool negative, const Spec& spec) {
  if (spec.commas) digits = with_commas(std::move(digits));
  const std::string sign = negative ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
  const int64_t size = static_cast<int64_t>(sign.size() + digits.size());
  const size_t missing = static_cast<size_t>(std::max<int64_t>(spec.width - size, 0));
  const size_t before = spec.align == '<' ? 0 : spec.align == '^' ? missing / 2 : missing;
  const std::string left(before, spec.fill), right(missing - before, spec.fill);
  return spec.align == '=' ? sign + left + digits : left + sign + digits + right;
}

Result<std::string> format_number(const PythonNumber& number, const std::string& text) {
  const Result<Spec> spec = parse_spec(text);
  if (!spec) return spec.error();
  const int64_t* integer = std::get_if<int64_t>(&number);
  if (integer != nullptr && one_of(spec->type == '\0' ? 'd' : spec->type, "dn")) {
    Result<std::string> digits = print_integer(std::abs(*integer), *spec);
    if (!digits) return digits;
    return pad(std::move(*digits), *integer < 0, *spec);
  }
  if (spec->type != '\0' && !one_of(spec->type, "eEfFgG%")) {
    return make_error("Unknown format code '%c' for object of type '%s'", spec->type, integer ? "int" : "float");
  }
  const double value = to_double(number);
  const bool negative = std::signbit(value) && !std::isnan(value);
  return pad(print_float(negative ? -value : value, *spec), negative, *spec);
}

const PythonNumber* find(const Fields& fields, const std::string& name) {
  for (const auto& [known, value] : fields) {
    if (known == name) return &value;
  }
  return nullptr;
}

}  // namespace

Result<Formatted> format_fields(const std::string& pattern, const Fields& fields) {
  Formatted result;
  for (size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c != '{' && c != '}') {
      result.text += c;
    } else if (at + 1 < pattern.size() && pattern[at + 1] == c) {
      result.text += c;
      ++at;
    } else {
      if (c == '}') return make_error("Single '}' encountered in format string");
      const size_t end = pattern.find('}', at);
      if (end == std::string::npos) return make_error("expected '}' before end of string");
      const std::string field = pattern.substr(at + 1, end - at - 1);
      const size_t colon = std::min(field.find(':'), field.size());
      const std::string name = field.substr(0, colon);
      at = end;
      const PythonNumber* number = find(fields, name);
      if (number == nullptr) {
        if (result.missing.empty()) result.missing = name;
        continue;
      }
      Result<std::string> text = format_number(*number, colon < field.size() ? field.substr(colon + 1) : "");
      if (!text) return text.error();
      result.text += *text;
    }
  }
  return result;
}

}  // namespace kcc::runtime
