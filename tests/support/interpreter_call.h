// One node on its way through the interpreter (interpreter.cpp), and what its operations share.
#pragma once

#include "compiler/ir/graph.h"
#include "tests/support/array.h"

namespace kcc::testing {

// What one node's meaning is computed from.
struct Call {
  const Node& node;
  std::vector<const Array*> operands;
  Index extents;  // of the result
  int64_t batch;

  const Array& operand(size_t i) const { return *operands[i]; }
  const Attrs& attrs() const { return node.attrs; }
};

// The result whose element at each index is value(index).
template <typename Value>
Array fill(const Index& extents, Value value) {
  Array result = zeros(extents);
  size_t next = 0;
  for_each_index(extents, [&](const Index& index) { result.values[next++] = value(index); });
  return result;
}

// The larger of two; NaN in either operand gives NaN, as in NumPy.
double larger(double x, double y);

// interpreter_scan.cpp: every result of a loop
std::vector<Array> run_scan(const Call& c);

// interpreter_windows.cpp
Array matmul(const Call& c);
Array conv(const Call& c);
Array conv_input_grad(const Call& c);
Array conv_weight_grad(const Call& c);
Array max_pool(const Call& c);
Array max_pool_grad(const Call& c);
Array avg_pool(const Call& c);
Array avg_pool_grad(const Call& c);

}  // namespace kcc::testing
