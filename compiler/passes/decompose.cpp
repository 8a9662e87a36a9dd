#include "compiler/passes/decompose.h"

#include "compiler/ops/op.h"
#include "compiler/passes/rewrite.h"

namespace kcc {

Graph decompose(const Graph& graph) {
  return rewrite(graph, [](Builder& b, Node node) {
    const OpInfo& op = info(node.op);
    return op.decompose ? op.decompose(b, node) : b.graph.add(std::move(node));
  });
}

}  // namespace kcc
