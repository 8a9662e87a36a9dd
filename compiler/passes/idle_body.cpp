#include "compiler/passes/idle_body.h"

#include <optional>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/eliminate_dead.h"
#include "compiler/passes/rewrite.h"
#include "compiler/passes/simplify.h"

namespace kcc {
namespace {

bool is_zero(const Graph& graph, ValueId value) {
  const Node& node = graph[value];
  if (node.op == OpKind::kBroadcast) return is_zero(graph, node.inputs[0]);
  return node.op == OpKind::kConstant && node.attrs.number("value") == 0;
}

// Whether one zero operand, or the first, makes the result zero.
bool vanishes(const Graph& graph, const Node& node) {
  switch (node.op) {
    case OpKind::kMul:
    case OpKind::kMatMul:
    case OpKind::kAnd:
      return is_zero(graph, node.inputs[0]) || is_zero(graph, node.inputs[1]);
    case OpKind::kDiv:
    case OpKind::kReduceSum:
    case OpKind::kNeg:
      return is_zero(graph, node.inputs[0]);
    default:
      return false;
  }
}

Graph without_zero_terms(const Graph& graph) {
  return rewrite(graph, [](Builder& b, Node node) {
    if (!vanishes(b.graph, node)) return b.graph.add(std::move(node));
    return broadcast_to(b, constant(b, 0, node.type.dtype), Shape(node.type.shape));
  });
}

ValueId base_of(const Graph& graph, ValueId value) {
  while (graph[value].op == OpKind::kReshape) value = graph[value].inputs[0];
  return value;
}

bool reads_input(const Graph& body, int64_t position) {
  for (const Node& node : body.nodes)
    if (node.op == OpKind::kInput && node.attrs.integer("index") == position) return true;
  return false;
}

// Whether `user` may read, in steps that are idle for `mask`, the stacked value `result`.
bool reads_when_idle(const Graph& graph, const Node& user, ValueId result, ValueId mask) {
  if (user.op != OpKind::kScan) return true;
  const ScanLayout layout = layout_of(user);
  const auto operand = [&](int64_t i) { return user.inputs[static_cast<size_t>(i)]; };
  if (layout.mask < 0 || base_of(graph, operand(layout.sequence(layout.mask))) != mask) return true;
  const Graph idle = idle_body(user);
  for (int64_t i = 0; i < static_cast<int64_t>(user.inputs.size()); ++i) {
    const bool sequence = i >= layout.carries && i < layout.invariant(0);
    if (operand(i) == result && (!sequence || reads_input(idle, i))) return true;
  }
  return false;
}

bool is_read_when_idle(const Graph& graph, ValueId result, ValueId mask) {
  for (const NamedValue& output : graph.outputs)
    if (output.value == result) return true;
  for (const StateWrite& write : graph.writes)
    if (write.value == result) return true;
  for (const Node& node : graph.nodes)
    for (ValueId input : node.inputs)
      if (input == result && reads_when_idle(graph, node, result, mask)) return true;
  return false;
}

}  // namespace

Graph idle_body(const Node& scan) {
  const ScanLayout layout = layout_of(scan);
  const int64_t mask = layout.sequence(layout.mask);
  Graph body = rewrite(*scan.body, [&](Builder& b, Node node) {
    if (node.op != OpKind::kInput || node.attrs.integer("index") != mask) return b.graph.add(std::move(node));
    return broadcast_to(b, constant(b, 0, DType::kBool), Shape(node.type.shape));
  });
  // Each round lets a constant travel past one more kind of operation; bodies settle after a few.
  for (size_t before = 0; before != body.nodes.size();) {
    before = body.nodes.size();
    body = eliminate_dead(simplify(without_zero_terms(simplify(body))));
  }
  return body;
}

std::vector<bool> stacked_when_idle(const Graph& graph, ValueId scan) {
  const ScanLayout layout = layout_of(graph[scan]);
  const ValueId mask = base_of(graph, graph[scan].inputs[static_cast<size_t>(layout.sequence(layout.mask))]);
  std::vector<bool> needed(static_cast<size_t>(layout.stacked), false);
  for (ValueId v = scan; v < graph.size(); ++v) {
    const Node& node = graph[v];
    if (node.op != OpKind::kResult || node.inputs[0] != scan) continue;
    const int64_t p = node.attrs.integer("index") - layout.stack(0);
    if (p >= 0 && is_read_when_idle(graph, v, mask)) needed[static_cast<size_t>(p)] = true;
  }
  return needed;
}

}  // namespace kcc
