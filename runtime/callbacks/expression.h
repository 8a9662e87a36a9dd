// Expression: a formula in Python's syntax over a few variables, for LearningRateScheduler: numbers, + - * / // % **,
// comparisons, and, or, not, `a if c else b`, and functions such as floor, exp, sqrt, min and max. Integers and floats
// stay apart, as in Python. Parsed once, by Pratt's method, and evaluated each epoch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "runtime/files/result.h"

namespace kcc::runtime {

using PythonNumber = std::variant<int64_t, double>;

std::string print(const PythonNumber& number);

class Expression {
 public:
  static Result<Expression> parse(const std::string& text, const std::vector<std::string>& variables);
  Expression(Expression&&) noexcept;
  ~Expression();

  // One value for each variable; further ones are left aside.
  Result<PythonNumber> evaluate(const std::vector<PythonNumber>& variables) const;

  struct Node;

 private:
  explicit Expression(std::unique_ptr<Node> root);
  std::unique_ptr<Node> root_;
};

}  // namespace kcc::runtime
