#include "compiler/passes/hoist.h"

#include <map>

#include "compiler/ir/scan.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/rewrite.h"

namespace kcc {
namespace {

// Rewrites one scan whose operands are already those of `b`.
Node hoist_scan(Builder& b, const Node& scan) {
  const ScanLayout layout = layout_of(scan);
  Node result = scan;
  std::map<int64_t, ValueId> transposed;  // by the position of the invariant: what reads it in the new body
  Graph body = rewrite(*scan.body, [&](Builder& inner, Node node) {
    if (node.op != OpKind::kMatMul || node.attrs.integer("transpose_b") == 0) return inner.graph.add(std::move(node));
    const Node weight = inner.graph[node.inputs[1]];
    const int64_t position = weight.op == OpKind::kInput ? weight.attrs.integer("index") : -1;
    if (position < layout.invariant(0)) return inner.graph.add(std::move(node));
    auto [found, is_new] = transposed.try_emplace(position, -1);
    if (is_new) {
      const ValueId turned = transpose(b, scan.inputs[static_cast<size_t>(position)], {1, 0});
      result.inputs.push_back(turned);
      found->second = input(inner, "turned", b.type(turned));
    }
    return matmul(inner, node.inputs[0], found->second, node.attrs.integer("transpose_a") != 0, false);
  });
  result.body = std::make_shared<const Graph>(std::move(body));
  return result;
}

}  // namespace

Graph hoist(const Graph& graph) {
  return rewrite(graph, [](Builder& b, Node node) {
    if (node.op == OpKind::kScan) node = hoist_scan(b, node);
    return b.graph.add(std::move(node));
  });
}

}  // namespace kcc
