#include "compiler/passes/gradient_sums.h"

#include <algorithm>

namespace kcc {

bool sums_gradient_of(const Graph& graph, ValueId v, ValueId w) {
  const Node &sum = graph[v], &product = graph[w];
  if (product.op != OpKind::kConvWeightGrad || sum.op != OpKind::kReduceSum || sum.inputs[0] != product.inputs[1])
    return false;
  const std::vector<int64_t> axes = sum.attrs.integers("axes");
  return sum.type.rank() == 1 && axes.back() == static_cast<int64_t>(axes.size()) - 1;
}

std::vector<ValueId> weight_gradients_first(const Graph& graph) {
  std::vector<ValueId> order;
  std::vector<bool> listed(graph.nodes.size(), false);
  const auto list = [&](ValueId v) {
    if (!listed[static_cast<size_t>(v)]) order.push_back(v);
    listed[static_cast<size_t>(v)] = true;
  };
  for (ValueId v = 0; v < graph.size(); ++v) {
    const auto earlier = [&](ValueId input) { return input < v; };
    for (ValueId w = v + 1; w < graph.size() && graph[v].op == OpKind::kReduceSum; ++w) {
      const std::vector<ValueId>& inputs = graph[w].inputs;
      if (sums_gradient_of(graph, v, w) && std::all_of(inputs.begin(), inputs.end(), earlier)) list(w);
    }
    list(v);
  }
  return order;
}

}  // namespace kcc
