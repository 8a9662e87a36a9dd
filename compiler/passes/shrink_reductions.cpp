#include "compiler/passes/shrink_reductions.h"

#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"

namespace kcc {
namespace {

using Axes = std::vector<int64_t>;

bool contains(const Axes& axes, size_t axis) {
  return std::find(axes.begin(), axes.end(), static_cast<int64_t>(axis)) != axes.end();
}

// A reshape of what `x` may be a reshape of.
ValueId view(Builder& b, ValueId x, const Shape& shape) {
  if (b.graph[x].op == OpKind::kReshape) x = b.graph[x].inputs[0];
  return b.shape(x) == shape ? x : reshape(b, x, shape);
}

// The reduction without `left_out`, over an operand that no longer has those axes.
ValueId reduce_rest(Builder& b, const Node& node, ValueId operand, const Axes& left_out) {
  Axes axes;
  int64_t position = 0;
  for (size_t i = 0; i < b.shape(node.inputs[0]).size(); ++i) {
    if (contains(left_out, i)) continue;
    if (contains(node.attrs.integers("axes"), i)) axes.push_back(position);
    ++position;
  }
  return axes.empty() ? operand : reduce(b, node.op, operand, axes);
}

std::optional<ValueId> without_single_axes(Builder& b, const Node& node) {
  const Shape shape = b.shape(node.inputs[0]);
  Shape squeezed;
  Axes left_out;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (contains(node.attrs.integers("axes"), i) && shape[i].is_one())
      left_out.push_back(static_cast<int64_t>(i));
    else
      squeezed.push_back(shape[i]);
  }
  if (left_out.empty()) return std::nullopt;
  return reduce_rest(b, node, view(b, node.inputs[0], squeezed), left_out);
}

std::optional<ValueId> without_repeated_axes(Builder& b, const Node& node) {
  const Node stretched = b.graph[node.inputs[0]];
  if (stretched.op != OpKind::kBroadcast) return std::nullopt;
  const Axes sources = stretched.attrs.integers("dims");
  Shape shape, repeats;
  Axes left_out, dims;
  for (size_t i = 0; i < stretched.type.shape.size(); ++i) {
    if (contains(node.attrs.integers("axes"), i) && !contains(sources, i)) {
      left_out.push_back(static_cast<int64_t>(i));
      repeats.push_back(stretched.type.shape[i]);
    } else {
      if (contains(sources, i)) dims.push_back(static_cast<int64_t>(shape.size()));
      shape.push_back(stretched.type.shape[i]);
    }
  }
  if (left_out.empty() || !std::is_sorted(sources.begin(), sources.end())) return std::nullopt;
  const ValueId inner = stretched.inputs[0];
  const ValueId rest =
      reduce_rest(b, node, b.shape(inner) == shape ? inner : broadcast_in_dims(b, inner, shape, dims), left_out);
  if (node.op != OpKind::kReduceSum) return rest;
  ValueId count = extent(b, repeats);
  if (b.type(rest).dtype != DType::kF32) count = cast(b, count, b.type(rest).dtype);
  return mul(b, rest, broadcast_to(b, count, b.shape(rest)));
}

}  // namespace

std::optional<ValueId> smaller_reduction(Builder& b, const Node& node) {
  if (node.op != OpKind::kReduceSum && node.op != OpKind::kReduceMax && node.op != OpKind::kReduceMin)
    return std::nullopt;
  if (auto value = without_single_axes(b, node)) return value;
  return without_repeated_axes(b, node);
}

}  // namespace kcc
