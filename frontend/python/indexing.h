// Subscripts: x[i], x[1:], x[..., None, ::-1] of tensors, lists and tuples.
#pragma once

#include "frontend/python/context.h"

namespace kcc::python {

Result subscript(Context& c, Mark mark, const Value& object, const Value& index);
// list[i] = value
bool assign_element(Context& c, Mark mark, const Value& object, const Value& index, const Value& value);

}  // namespace kcc::python
