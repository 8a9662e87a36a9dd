// collapse: body -> equal body over fewer dimensions. Neighbouring dimensions that every operation treats as one
// become one, so that loops are long, vectors full and index arithmetic little; most element-wise bodies end as one
// flat dimension. Runs first in the families that walk whole tensors (pointwise, rows, reduction).
//
// An operand or result keeps the rank it has in memory: a kInput of a collapsed body has the attributes
//   original: its shape in memory, dims: for each of its dimensions the last of those in memory that it stands for,
// through which, dense and row-major, the others are reached.
#pragma once

#include <vector>

#include "compiler/ir/graph.h"

namespace kcc {

struct Collapsed {
  Graph body;
  // For each output, as `original` and `dims` above.
  std::vector<Shape> output_shapes;
  std::vector<std::vector<int64_t>> output_dims;
};

Collapsed collapse(const Graph& body);
// The body as it is, where the rank in memory must be seen.
Collapsed keep_dimensions(const Graph& body);

// The axes a kReduce* or kArgMax node reduces.
std::vector<int64_t> reduced_axes(const Node& node);
bool is_reduction(OpKind op);

}  // namespace kcc
