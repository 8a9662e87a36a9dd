#include "compiler/passes/index_limits.h"

#include "compiler/ir/scan.h"
#include "compiler/ops/op.h"

namespace kcc {
namespace {

// The input whose elements `value` holds, moved or cast at most; -1 if there is none.
int64_t input_behind(const Graph& graph, ValueId value) {
  for (;;) {
    const Node& node = graph[value];
    if (node.op == OpKind::kInput) return node.attrs.integer("index");
    const bool same_elements =
        node.op == OpKind::kCast || (info(node.op).category == OpCategory::kMovement && node.op != OpKind::kPad &&
                                     node.op != OpKind::kConcat && node.op != OpKind::kGather);
    if (!same_elements) return -1;
    value = node.inputs[0];
  }
}

void limit(std::vector<NamedType>& inputs, int64_t position, int64_t rows) {
  if (position < 0 || position >= static_cast<int64_t>(inputs.size())) return;
  int64_t& known = inputs[static_cast<size_t>(position)].index_limit;
  if (known == 0 || rows < known) known = rows;
}

}  // namespace

void find_index_limits(Module& module) {
  for (Graph* graph : {&module.predict, &module.evaluate, &module.train}) {
    for (const Node& node : graph->nodes)
      if (node.op == OpKind::kGather)
        limit(module.inputs, input_behind(*graph, node.inputs[1]),
              graph->operator[](node.inputs[0]).type.shape[0].size);
  }
}

}  // namespace kcc
