#include "compiler/passes/eliminate_dead.h"

namespace kcc {

Graph eliminate_dead(const Graph& graph) {
  std::vector<bool> live(graph.nodes.size(), false);
  for (const NamedValue& output : graph.outputs) live[static_cast<size_t>(output.value)] = true;
  for (const StateWrite& write : graph.writes) live[static_cast<size_t>(write.value)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    if (!live[i]) continue;
    for (ValueId input : graph.nodes[i].inputs) live[static_cast<size_t>(input)] = true;
  }
  Graph result;
  result.name = graph.name;
  result.inputs = graph.inputs;
  std::vector<ValueId> renamed(graph.nodes.size(), -1);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!live[i]) continue;
    Node node = graph.nodes[i];
    for (ValueId& input : node.inputs) input = renamed[static_cast<size_t>(input)];
    renamed[i] = result.add(std::move(node));
  }
  for (const NamedValue& output : graph.outputs)
    result.outputs.push_back({output.name, renamed[static_cast<size_t>(output.value)]});
  for (const StateWrite& write : graph.writes)
    result.writes.push_back({write.state, renamed[static_cast<size_t>(write.value)]});
  return result;
}

}  // namespace kcc
