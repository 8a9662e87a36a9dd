#include "compiler/ops/reduce.h"

#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/families.h"
#include "compiler/ops/shape.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Integers = std::vector<int64_t>;

Shape without(const Shape& shape, const Integers& axes) {
  Shape kept;
  for (size_t i = 0; i < shape.size(); ++i)
    if (!std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i))) kept.push_back(shape[i]);
  return kept;
}

Type reduce_type(const std::vector<Type>& operands, const Attrs& attrs) {
  const Integers& axes = attrs.integers("axes");
  KCC_CHECK(operands.size() == 1 && std::is_sorted(axes.begin(), axes.end()), "sorted axes");
  KCC_CHECK(axes.empty() || (axes.front() >= 0 && axes.back() < operands[0].rank()), "axes of the operand");
  return {operands[0].dtype, without(operands[0].shape, axes)};
}

Type argmax_type(const std::vector<Type>& operands, const Attrs& attrs) {
  return {DType::kI32, without(operands.at(0).shape, {attrs.integer("axis")})};
}

// Stretches a reduced value back over the axes that were reduced.
ValueId spread(Builder& b, ValueId x, const Shape& shape, const Integers& axes) {
  Integers dims;
  for (size_t i = 0; i < shape.size(); ++i)
    if (!std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i))) dims.push_back(static_cast<int64_t>(i));
  return broadcast_in_dims(b, x, shape, dims);
}

void grad_sum(GradContext& c) {
  const Integers axes = c.node().attrs.integers("axes");
  const Shape shape = c.b.shape(c.operand(0));
  c.add(0, spread(c.b, c.gradient, shape, axes));
}

// Equal extrema share the gradient evenly, as in Keras.
void grad_extremum(GradContext& c) {
  const Integers axes = c.node().attrs.integers("axes");
  const Shape shape = c.b.shape(c.operand(0));
  ValueId wins = binary(c.b, OpKind::kEq, c.operand(0), spread(c.b, c.value, shape, axes));
  ValueId ones = cast(c.b, wins, DType::kF32);
  ValueId share = div(c.b, c.gradient, reduce_sum(c.b, ones, axes));
  c.add(0, mul(c.b, ones, spread(c.b, share, shape, axes)));
}

double reduce_flops(const Graph& graph, const Node& node) {
  const Dim before = element_count(graph[node.inputs[0]].type.shape), after = element_count(node.type.shape);
  return static_cast<double>(before.size) / static_cast<double>(std::max<int64_t>(1, after.size));
}

Integers positive(const Integers& axes, int64_t rank) {
  Integers sorted;
  for (int64_t axis : axes) sorted.push_back(axis < 0 ? axis + rank : axis);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

OpInfo reduction(OpKind kind, const char* name, void (*gradient)(GradContext&)) {
  return {kind, name, OpCategory::kReduction, reduce_type, gradient, nullptr, reduce_flops, false};
}

}  // namespace

std::vector<OpInfo> reduce_ops() {
  return {reduction(OpKind::kReduceSum, "reduce_sum", grad_sum),
          reduction(OpKind::kReduceMax, "reduce_max", grad_extremum),
          reduction(OpKind::kReduceMin, "reduce_min", grad_extremum),
          {OpKind::kArgMax, "argmax", OpCategory::kReduction, argmax_type, nullptr, nullptr, reduce_flops, false}};
}

ValueId reduce(Builder& b, OpKind op, ValueId x, const Integers& axes, bool keep_dims) {
  const Integers sorted = positive(axes, b.type(x).rank());
  Shape kept = b.shape(x);
  for (int64_t axis : sorted) kept.at(static_cast<size_t>(axis)) = Dim{};
  ValueId result = sorted.empty() ? x : b.node(op, {x}, {{"axes", sorted}});
  return keep_dims ? reshape(b, result, kept) : result;
}

ValueId reduce_sum(Builder& b, ValueId x, const Integers& axes, bool keep_dims) {
  return reduce(b, OpKind::kReduceSum, x, axes, keep_dims);
}
ValueId reduce_max(Builder& b, ValueId x, const Integers& axes, bool keep_dims) {
  return reduce(b, OpKind::kReduceMax, x, axes, keep_dims);
}

ValueId mean(Builder& b, ValueId x, const Integers& axes, bool keep_dims) {
  Shape reduced;
  for (int64_t axis : positive(axes, b.type(x).rank())) reduced.push_back(b.shape(x).at(static_cast<size_t>(axis)));
  return div(b, reduce_sum(b, x, axes, keep_dims), extent(b, reduced));
}

ValueId mean(Builder& b, ValueId x) {
  Integers axes;
  for (int64_t i = 0; i < b.type(x).rank(); ++i) axes.push_back(i);
  return mean(b, x, axes);
}

ValueId argmax(Builder& b, ValueId x, int64_t axis) {
  return b.node(OpKind::kArgMax, {x}, {{"axis", axis < 0 ? axis + b.type(x).rank() : axis}});
}

ValueId extent(Builder& b, const Shape& shape) {
  const Dim count = element_count(shape);
  if (!count.batched) return constant(b, static_cast<double>(count.size));
  return b.node(OpKind::kExtent, {}, {{"shape", Shape{count}}});
}

}  // namespace kcc
