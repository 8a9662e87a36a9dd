// Python's operators and mathematical functions on numbers. Used by Expression.
#pragma once

#include <vector>

#include "runtime/callbacks/expression.h"

namespace kcc::runtime {

double to_double(const PythonNumber& number);
bool is_true(const PythonNumber& number);

// "+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!=". An Error is Python's: a division by zero.
Result<PythonNumber> apply_operator(const std::string& symbol, const PythonNumber& a, const PythonNumber& b);

using Numbers = std::vector<PythonNumber>;
struct MathFunction {
  const char* name;
  size_t least, most;  // arguments
  Result<PythonNumber> (*call)(const Numbers& arguments);
};

// By name; null: unknown.
const MathFunction* find_function(const std::string& name);
std::vector<std::string> function_names();

}  // namespace kcc::runtime
