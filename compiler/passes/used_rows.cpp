#include "compiler/passes/used_rows.h"

#include <algorithm>

namespace kcc {
namespace {

// Whether `v` is zero wherever `gradient`, of its shape, is.
bool vanishes(const Graph& graph, ValueId v, ValueId gradient) {
  if (v == gradient) return true;
  const Node& node = graph[v];
  const auto operand = [&](size_t i) { return vanishes(graph, node.inputs[i], gradient); };
  switch (node.op) {
    case OpKind::kNeg:
    case OpKind::kDiv:
      return operand(0);
    case OpKind::kMul:
      return operand(0) || operand(1);
    case OpKind::kAdd:
    case OpKind::kSub:
      return operand(0) && operand(1);
    default:
      return false;
  }
}

bool is_state(const Node& node, StateId state) {
  return node.op == OpKind::kState && node.attrs.integer("index") == state;
}

// Whether `update` is the state plus or minus something that vanishes.
bool only_adds(const Graph& graph, ValueId update, StateId state, ValueId gradient) {
  const Node& node = graph[update];
  if (node.op != OpKind::kAdd && node.op != OpKind::kSub) return false;
  const ValueId first = node.inputs[0], second = node.inputs[1];
  if (is_state(graph[first], state) && vanishes(graph, second, gradient)) return true;
  return node.op == OpKind::kAdd && is_state(graph[second], state) && vanishes(graph, first, gradient);
}

}  // namespace

bool updates_used_rows_alone(const KernelGraph& kernels, const Group& group) {
  if (group.family != Family::kScatter) return false;
  const Graph& graph = kernels.graph;
  return std::all_of(group.outputs.begin(), group.outputs.end(), [&](ValueId update) {
    return std::any_of(graph.writes.begin(), graph.writes.end(), [&](const StateWrite& write) {
      const auto is_copy = [&](const Copy& copy) { return copy.value == update && copy.state == write.state; };
      return write.value == update && only_adds(graph, update, write.state, group.roots.front()) &&
             std::none_of(kernels.copies.begin(), kernels.copies.end(), is_copy);
    });
  });
}

}  // namespace kcc
