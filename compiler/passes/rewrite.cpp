#include "compiler/passes/rewrite.h"

namespace kcc {

Graph rewrite(const Graph& graph, const std::function<ValueId(Builder& b, Node node)>& visit) {
  Graph result;
  result.name = graph.name;
  result.inputs = graph.inputs;
  Builder b{result};
  std::vector<ValueId> renamed;
  for (const Node& old : graph.nodes) {
    Node node = old;
    for (ValueId& input : node.inputs) input = renamed[static_cast<size_t>(input)];
    b.origin = node.origin;
    renamed.push_back(visit(b, std::move(node)));
  }
  for (const NamedValue& output : graph.outputs)
    result.outputs.push_back({output.name, renamed[static_cast<size_t>(output.value)]});
  for (const StateWrite& write : graph.writes)
    result.writes.push_back({write.state, renamed[static_cast<size_t>(write.value)]});
  return result;
}

}  // namespace kcc
