#include "compiler/passes/dropped_relu.h"

#include "compiler/ops/elementwise.h"
#include "compiler/passes/constant_of.h"

namespace kcc {
namespace {

bool is_zero(const Graph& graph, ValueId value) {
  return constant_of(graph, value) == 0.0;
}

// select(condition, value, 0)
bool keeps(const Graph& graph, const Node& node) {
  return node.op == OpKind::kSelect && is_zero(graph, node.inputs[2]);
}

// value = base * scale, or base itself: then no value is the factor.
struct Scaled {
  ValueId base;
  double scale = 1;
  ValueId factor = -1;
};
Scaled scaled(const Graph& graph, ValueId value) {
  const Node& node = graph[value];
  if (node.op != OpKind::kMul) return {value};
  const std::optional<double> scale = constant_of(graph, node.inputs[1]);
  return scale ? Scaled{node.inputs[0], *scale, node.inputs[1]} : Scaled{value};
}

// select(kept, scale * rectified, 0), or -1. A scale of at least 1 makes no zero of what is none.
ValueId find_dropped(const Graph& graph, ValueId kept, ValueId rectified) {
  for (ValueId v = 0; v < graph.size(); ++v) {
    if (!keeps(graph, graph[v]) || graph[v].inputs[0] != kept) continue;
    const Scaled value = scaled(graph, graph[v].inputs[1]);
    if (value.base == rectified && value.scale >= 1) return v;
  }
  return -1;
}

}  // namespace

std::optional<ValueId> without_dropped_mask(Builder& b, const Node& node) {
  // select(relu(x) <= 0, 0, scale * select(kept, gradient, 0))
  if (node.op != OpKind::kSelect || !is_zero(b.graph, node.inputs[1])) return std::nullopt;
  const Node flat = b.graph[node.inputs[0]];
  if (flat.op != OpKind::kLe || !is_zero(b.graph, flat.inputs[1])) return std::nullopt;
  const Scaled gradient = scaled(b.graph, node.inputs[2]);
  const Node masked = b.graph[gradient.base];
  if (!keeps(b.graph, masked)) return std::nullopt;
  const ValueId dropped = find_dropped(b.graph, masked.inputs[0], flat.inputs[0]);
  if (dropped < 0) return std::nullopt;
  const ValueId off = binary(b, OpKind::kLe, dropped, flat.inputs[1]);
  const ValueId kept = masked.inputs[1];
  return select(b, off, node.inputs[1], gradient.factor < 0 ? kept : mul(b, kept, gradient.factor));
}

}  // namespace kcc
