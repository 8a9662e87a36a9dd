#include "compiler/passes/sink.h"

#include "compiler/ops/op.h"
#include "compiler/ops/random.h"
#include "compiler/ops/shape.h"

namespace kcc {
namespace {

bool is_spread_constant(const Graph& graph, ValueId value) {
  const Node& node = graph[value];
  return node.op == OpKind::kBroadcast && graph[node.inputs[0]].op == OpKind::kConstant;
}

// What an operand was before the movement, in the shape that all of them had, or -1.
ValueId before(Builder& b, ValueId operand, const Node& movement, const Shape& shape) {
  const Node node = b.graph[operand];
  if (is_spread_constant(b.graph, operand)) return broadcast_to(b, node.inputs[0], shape);
  // the elements of a random tensor depend on their linear position alone
  if (movement.op == OpKind::kReshape && node.op == OpKind::kRandomUniform && !node.attrs.has("below"))
    return random_uniform(b, node.inputs[0], shape, node.attrs.integer("stream"));
  const bool alike = node.op == movement.op && node.attrs == movement.attrs && b.shape(node.inputs[0]) == shape;
  return alike ? node.inputs[0] : -1;
}

// The operand whose movement the others must share.
const Node* leading_movement(const Graph& graph, const Node& node) {
  for (ValueId input : node.inputs) {
    const Node& operand = graph[input];
    const bool moves = operand.op == OpKind::kReshape || operand.op == OpKind::kBroadcast;
    if (moves && !is_spread_constant(graph, input)) return &operand;
  }
  return nullptr;
}

}  // namespace

std::optional<ValueId> sunk(Builder& b, const Node& node) {
  if (info(node.op).category != OpCategory::kElementwise) return std::nullopt;
  const Node* leading = leading_movement(b.graph, node);
  if (!leading) return std::nullopt;
  const Node movement = *leading;
  const Shape shape = b.shape(movement.inputs[0]);
  std::vector<ValueId> operands;
  for (ValueId input : node.inputs) {
    operands.push_back(before(b, input, movement, shape));
    if (operands.back() < 0) return std::nullopt;
  }
  ValueId result = b.node(node.op, operands, node.attrs);
  return b.node(movement.op, {result}, movement.attrs);
}

}  // namespace kcc
