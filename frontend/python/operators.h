// Operators of Python over values: numbers are computed at once, tensors become operations.
#pragma once

#include "frontend/python/context.h"

namespace kcc::python {

// op: + - * / // % ** @ & | ^
Result binary_operator(Context& c, Mark mark, const std::string& op, const Value& x, const Value& y);
// op: - + ~ not
Result unary_operator(Context& c, Mark mark, const std::string& op, const Value& x);
// op: == != < <= > >= in "not in" is "is not"
Result compare(Context& c, Mark mark, const std::string& op, const Value& x, const Value& y);
// Whether a value counts as true; empty after reporting that it is known only when the program runs.
std::optional<bool> truth(Context& c, Mark mark, const Value& value);

// (..., m, k) x (..., k, n), a vector being a row or a column, as NumPy's matmul.
Result matmul_values(Context& c, Mark mark, const Value& x, const Value& y);

}  // namespace kcc::python
