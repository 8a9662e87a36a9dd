// Builder: appends operations to a graph, inferring each one's type, all with the same origin. The families in
// this folder give each operation a function over it; frontend/layers composes those.
#pragma once

#include <vector>

#include "compiler/ir/graph.h"

namespace kcc {

struct Builder {
  Graph& graph;
  int32_t origin = -1;

  // Appends a node; its type comes from the operation's shape rule, which aborts on operands that do not fit:
  // the frontend checks what users write before it gets here.
  ValueId node(OpKind op, std::vector<ValueId> inputs, Attrs attrs = {});
  // Copies: the graph's own would move with the next node.
  Type type(ValueId value) const { return graph[value].type; }
  Shape shape(ValueId value) const { return graph[value].type.shape; }
};

}  // namespace kcc
