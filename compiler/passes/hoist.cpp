#include "compiler/passes/hoist.h"

#include <compare>
#include <map>

#include "compiler/ir/scan.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/panels.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/gates.h"
#include "compiler/passes/rewrite.h"

namespace kcc {
namespace {

// Weights of so many elements stay in the first cache in any order. Packing costs about a step.
constexpr int64_t kSmallWeights = 8192, kFewSteps = 8;

// How a product wants its weights; lanes 0: as a matrix.
struct Packing {
  bool transposed = false;
  int64_t gates = 1, lanes = 0;

  bool changes() const { return transposed || lanes > 0; }
  auto operator<=>(const Packing&) const = default;
};

Packing packing_of(const Graph& body, ValueId product, int64_t steps) {
  const Node& node = body[product];
  Packing packing{node.attrs.integer("transpose_b") != 0};
  const Dim columns = node.type.shape.back();
  const int64_t elements = element_count(body[node.inputs[1]].type.shape).size;
  if (node.attrs.integer("transpose_a") != 0 || columns.batched) return packing;
  if (elements <= kSmallWeights || steps < kFewSteps) return packing;
  packing.gates = gates_of(body, product);
  packing.lanes = panel_lanes(columns.size / packing.gates, packing.gates);
  return packing;
}

ValueId packed(Builder& b, ValueId weights, const Packing& packing) {
  if (packing.lanes == 0) return transpose(b, weights, {1, 0});
  return panels_of(b, weights, packing.transposed, packing.gates, packing.lanes);
}

// Rewrites one scan whose operands are already those of `b`.
Node hoist_scan(Builder& b, const Node& scan) {
  const ScanLayout layout = layout_of(scan);
  Node result = scan;
  std::map<std::pair<int64_t, Packing>, ValueId> known;  // by the invariant's position: what reads it in the new body
  ValueId old = -1;
  Graph body = rewrite(*scan.body, [&](Builder& inner, Node node) {
    ++old;
    if (node.op != OpKind::kMatMul || node.type.rank() != 2) return inner.graph.add(std::move(node));
    const Node weight = inner.graph[node.inputs[1]];
    const int64_t position = weight.op == OpKind::kInput ? weight.attrs.integer("index") : -1;
    if (position < layout.invariant(0) || weight.type.rank() != 2) return inner.graph.add(std::move(node));
    const Packing packing = packing_of(*scan.body, old, layout.steps);
    if (!packing.changes()) return inner.graph.add(std::move(node));
    auto [found, is_new] = known.try_emplace({position, packing}, -1);
    if (is_new) {
      const ValueId weights = packed(b, scan.inputs[static_cast<size_t>(position)], packing);
      result.inputs.push_back(weights);
      found->second = input(inner, packing.lanes > 0 ? "panels" : "turned", b.type(weights));
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
