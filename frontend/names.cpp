#include "frontend/names.h"

#include <fmt/format.h>

#include <cctype>

namespace kcc {
namespace {

bool upper(char c) {
  return std::isupper(static_cast<unsigned char>(c)) != 0;
}
bool lower(char c) {
  return std::islower(static_cast<unsigned char>(c)) != 0;
}
bool word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

}  // namespace

std::string to_snake_case(const std::string& class_name) {
  std::string plain;
  for (char c : class_name)
    if (word(c)) plain += c;
  std::string snake;
  for (size_t i = 0; i < plain.size(); ++i) {
    const bool starts_word = i + 1 < plain.size() && upper(plain[i]) && lower(plain[i + 1]);
    const bool follows_lower = i > 0 && upper(plain[i]) && lower(plain[i - 1]);
    if (i > 0 && (starts_word || follows_lower)) snake += '_';
    snake += static_cast<char>(std::tolower(static_cast<unsigned char>(plain[i])));
  }
  return snake;
}

std::string NameCounter::next(const std::string& name) {
  const int count = used_[name]++;
  return count == 0 ? name : fmt::format("{}_{}", name, count);
}

}  // namespace kcc
