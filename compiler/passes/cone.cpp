#include "compiler/passes/cone.h"

#include <functional>

#include "compiler/passes/roots.h"

namespace kcc {

ValueId base_of(const Graph& graph, ValueId v) {
  while (graph[v].op == OpKind::kReshape) v = graph[v].inputs[0];
  return v;
}

Cone cone_of(const Graph& graph, const std::vector<bool>& is_root, ValueId v) {
  Cone cone;
  std::set<ValueId> seen;
  std::function<void(ValueId)> walk = [&](ValueId n) {
    n = base_of(graph, n);
    if (!seen.insert(n).second) return;
    const Node& node = graph[n];
    if (n != v && is_root[static_cast<size_t>(n)]) {
      cone.roots.insert(n);
      return;
    }
    if (is_given(node)) cone.given.insert(n);
    if (node.op == OpKind::kState) cone.states.insert(static_cast<StateId>(node.attrs.integer("index")));
    cone.random |= node.op == OpKind::kRandomUniform;
    for (ValueId input : node.inputs) walk(input);
  };
  walk(v);
  return cone;
}

}  // namespace kcc
