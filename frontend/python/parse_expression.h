// Expressions of the Python subset: tokens -> Expr.
#pragma once

#include "frontend/python/cursor.h"

namespace kcc::python {

// One expression, without commas outside brackets.
Expr parse_expression(Cursor& cursor);
// Several with commas between them: a tuple; one alone is itself. What may stand after '=' and 'return'.
Expr parse_expressions(Cursor& cursor);
// What may stand before '=' and between 'for' and 'in'.
Expr parse_target(Cursor& cursor);
// Up to `close`, which is not taken.
std::vector<Parameter> parse_parameters(Cursor& cursor, const char* close, bool annotated);

}  // namespace kcc::python
