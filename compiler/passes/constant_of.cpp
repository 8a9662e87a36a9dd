#include "compiler/passes/constant_of.h"

namespace kcc {

std::optional<double> constant_of(const Graph& graph, ValueId value) {
  const Node& node = graph[value];
  if (node.op == OpKind::kConstant) return node.attrs.number("value");
  if (node.op == OpKind::kBroadcast) return constant_of(graph, node.inputs[0]);
  return std::nullopt;
}

}  // namespace kcc
