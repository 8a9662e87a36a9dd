// Reads the calls of a layer, "inbound_nodes": which tensors it takes, by position and by name. Both forms are read:
// Keras 3's {"args": ..., "kwargs": ...} and the lists of [layer, call, output, {kwargs}] of Keras 1, 2 and
// hand-written files. Part of keras3.
#pragma once

#include <optional>
#include <vector>

#include "frontend/model_spec.h"
#include "frontend/report.h"

namespace kcc {

// A list of references, one alone, or an object of them by name (in the order of the names).
std::vector<TensorSpec> read_references(const json::Value& value, const Report& report);

// The calls that "inbound_nodes" lists.
std::vector<CallSpec> read_calls(const json::Value& nodes, const Report& report);

// The call of an operation: of its arguments, which may hold numbers and slices too, the tensors in order.
std::vector<CallSpec> read_operation_calls(const json::Value& nodes, const Report& report);

}  // namespace kcc
