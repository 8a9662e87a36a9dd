#include "compiler/passes/join_pads.h"

#include <algorithm>

#include "compiler/ops/shape.h"

namespace kcc {
namespace {

struct Part {
  int64_t start = 0, end = 0;
  ValueId value = -1;
};

// The one axis along which a value was padded with zeros, or -1.
int64_t padded_axis(const Node& node) {
  if (node.op != OpKind::kPad || node.attrs.number("value") != 0) return -1;
  const auto &low = node.attrs.integers("low"), &high = node.attrs.integers("high");
  int64_t axis = -1;
  for (size_t d = 0; d < low.size(); ++d) {
    if (low[d] == 0 && high[d] == 0) continue;
    if (axis >= 0) return -1;
    axis = static_cast<int64_t>(d);
  }
  return axis;
}

// The summands' parts along `axis`; false if one is something else.
bool collect(const Graph& graph, ValueId value, int64_t axis, std::vector<Part>* parts) {
  const Node& node = graph[value];
  if (node.op == OpKind::kAdd)
    return collect(graph, node.inputs[0], axis, parts) && collect(graph, node.inputs[1], axis, parts);
  if (padded_axis(node) != axis) return false;
  const size_t d = static_cast<size_t>(axis);
  const int64_t start = node.attrs.integers("low")[d], size = graph[node.inputs[0]].type.shape[d].size;
  parts->push_back({start, start + size, node.inputs[0]});
  return true;
}

int64_t axis_below(const Graph& graph, ValueId value) {
  while (graph[value].op == OpKind::kAdd) value = graph[value].inputs[0];
  return padded_axis(graph[value]);
}

}  // namespace

std::optional<ValueId> joined_pads(Builder& b, const Node& node) {
  if (node.op != OpKind::kAdd) return std::nullopt;
  const int64_t axis = axis_below(b.graph, node.inputs[0]);
  std::vector<Part> parts;
  if (axis < 0 || !collect(b.graph, node.inputs[0], axis, &parts) || !collect(b.graph, node.inputs[1], axis, &parts))
    return std::nullopt;
  std::sort(parts.begin(), parts.end(), [](const Part& x, const Part& y) { return x.start < y.start; });
  std::vector<ValueId> values;
  int64_t end = 0;
  for (const Part& part : parts) {
    if (part.start != end) return std::nullopt;
    end = part.end;
    values.push_back(part.value);
  }
  if (end != node.type.shape[static_cast<size_t>(axis)].size) return std::nullopt;
  return concat(b, values, axis);
}

}  // namespace kcc
