// Names of generated code. Layer names come from files and may hold anything; identifiers and comments may not.
#pragma once

#include <set>
#include <string>

namespace kcc {

// `text` with everything that an identifier cannot hold replaced by single underscores; never empty.
std::string identifier(const std::string& text);

// One scope of identifiers: each wanted name made valid and, by a number, different from all before it.
class Scope {
 public:
  explicit Scope(std::set<std::string> taken = {}) : taken_(std::move(taken)) {}
  std::string add(const std::string& wanted);

 private:
  std::set<std::string> taken_;
};

// For a comment on one line: control characters, bytes beyond ASCII and what continues the line become '?'.
std::string comment_text(const std::string& text);

// A C++ string literal, split over lines after newlines and where it grows long; `indent` begins the next lines.
std::string string_literal(const std::string& text, const std::string& indent = "");

}  // namespace kcc
