#include "codegen/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace kcc {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

bool is_keyword(const std::string& name) {
  static const std::set<std::string> words{
      "alignas",     "alignof",  "and",        "and_eq",    "asm",       "auto",         "bitand",
      "bitor",       "bool",     "break",      "case",      "catch",     "char",         "char16_t",
      "char32_t",    "char8_t",  "class",      "co_await",  "co_return", "co_yield",     "compl",
      "concept",     "const",    "const_cast", "consteval", "constexpr", "constinit",    "continue",
      "decltype",    "default",  "delete",     "do",        "double",    "dynamic_cast", "else",
      "enum",        "explicit", "export",     "extern",    "false",     "float",        "for",
      "friend",      "goto",     "if",         "inline",    "int",       "long",         "mutable",
      "namespace",   "new",      "noexcept",   "not",       "not_eq",    "nullptr",      "operator",
      "or",          "or_eq",    "private",    "protected", "public",    "register",     "reinterpret_cast",
      "requires",    "restrict", "return",   "short",      "signed",    "sizeof",    "static",       "static_assert",
      "static_cast", "struct",   "switch",     "template",  "this",      "thread_local", "throw",
      "true",        "try",      "typedef",    "typeid",    "typename",  "typeof", "union",        "unsigned",
      "using",       "virtual",  "void",       "volatile",  "wchar_t",   "while",        "xor",
      "xor_eq"};
  return words.count(name) != 0;
}

// Macros of system headers and compilers: NULL, INT_MAX, linux.
bool may_be_macro(const std::string& name) {
  const bool has_lower = std::any_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return (!has_lower && name.size() > 1) || name == "assert" || name == "errno" || name == "linux" || name == "unix";
}

// Octal with three digits: hexadecimal escapes would swallow what follows.
std::string escaped(char c) {
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  if (c == '"' || c == '\\') return std::string{'\\', c};
  if (is_printable(c)) return std::string{c};
  return fmt::format("\\{:03o}", static_cast<unsigned char>(c));
}

}  // namespace

std::string identifier(const std::string& text) {
  std::string name;
  for (char c : text) {
    const bool valid = is_letter(c) || is_digit(c);
    if (valid) name += c;
    if (!valid && !name.empty() && name.back() != '_') name += '_';
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  if (name.empty()) return "unnamed";
  if (is_digit(name[0])) name = "n" + name;
  return is_keyword(name) || may_be_macro(name) ? name + "_" : name;
}

std::string Scope::add(const std::string& wanted) {
  const std::string base = identifier(wanted);
  std::string name = base;
  for (int n = 2; !taken_.insert(name).second; ++n) name = fmt::format("{}_{}", base, n);
  return name;
}

std::string comment_text(const std::string& text) {
  std::string line;
  for (char c : text) line += is_printable(c) ? c : '?';
  // A backslash at the end, or a slash: it may be one as a trigraph.
  if (!line.empty() && (line.back() == '\\' || line.back() == '/')) line.back() = '?';
  return line;
}

std::string string_literal(const std::string& text, const std::string& indent) {
  constexpr size_t kWidth = 100;
  std::string literal = "\"";
  size_t width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool trigraph = i > 0 && text[i] == '?' && text[i - 1] == '?';
    const std::string piece = trigraph ? "\\?" : escaped(text[i]);
    literal += piece;
    width += piece.size();
    if (i + 1 < text.size() && (text[i] == '\n' || width >= kWidth)) {
      literal += "\"\n" + indent + "\"";
      width = 0;
    }
  }
  return literal + "\"";
}

}  // namespace kcc
