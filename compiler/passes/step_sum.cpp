#include "compiler/passes/step_sum.h"

#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/op.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

bool is_linear_movement(const Node& node) {
  if (info(node.op).category != OpCategory::kMovement || node.op == OpKind::kGather) return false;
  return node.op != OpKind::kPad || node.attrs.number("value") == 0;
}

// a^T b, summed over the batch.
bool is_product_over_batch(const Graph& step, const Node& node) {
  return node.op == OpKind::kMatMul && node.attrs.integer("transpose_a") != 0 &&
         node.attrs.integer("transpose_b") == 0 && step[node.inputs[0]].type.shape[0].batched;
}

bool is_sum_over_batch(const Graph& step, const Node& node) {
  if (node.op != OpKind::kReduceSum) return false;
  for (int64_t axis : node.attrs.integers("axes"))
    if (step[node.inputs[0]].type.shape[static_cast<size_t>(axis)].batched) return true;
  return false;
}

// (steps, B, n) -> (steps * B, n)
ValueId as_rows(Builder& b, ValueId stack) {
  const Shape& shape = b.shape(stack);
  const Dim rows{shape[0].size * shape[1].size, true};
  return reshape(b, stack, Shape{rows, shape[2]});
}

}  // namespace

std::vector<ValueId> terms_of(const Graph& step, ValueId value) {
  const Node& node = step[value];
  if (node.op != OpKind::kAdd) return {value};
  std::vector<ValueId> terms = terms_of(step, node.inputs[0]);
  for (ValueId term : terms_of(step, node.inputs[1])) terms.push_back(term);
  return terms;
}

bool find_step_factors(const Graph& step, ValueId term, std::vector<ValueId>* factors) {
  const Node& node = step[term];
  if (is_product_over_batch(step, node) || is_sum_over_batch(step, node)) {
    factors->insert(factors->end(), node.inputs.begin(), node.inputs.end());
    return true;
  }
  const bool linear =
      is_linear_movement(node) || node.op == OpKind::kAdd || node.op == OpKind::kSub || node.op == OpKind::kNeg;
  if (!linear) return false;
  for (ValueId operand : node.inputs)
    if (!find_step_factors(step, operand, factors)) return false;
  return true;
}

ValueId sum_over_steps(Builder& b, const Graph& step, ValueId term, const std::function<ValueId(ValueId)>& stacked) {
  const Node& node = step[term];
  if (is_product_over_batch(step, node)) {
    const ValueId left = as_rows(b, stacked(node.inputs[0]));
    return matmul(b, left, as_rows(b, stacked(node.inputs[1])), true, false);
  }
  if (is_sum_over_batch(step, node)) {
    std::vector<int64_t> axes{0};
    for (int64_t axis : node.attrs.integers("axes")) axes.push_back(axis + 1);
    return reduce_sum(b, stacked(node.inputs[0]), axes);
  }
  std::vector<ValueId> operands;
  for (ValueId operand : node.inputs) operands.push_back(sum_over_steps(b, step, operand, stacked));
  return b.node(node.op, operands, node.attrs);
}

}  // namespace kcc
