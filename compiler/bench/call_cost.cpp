#include "compiler/bench/call_cost.h"

#include <algorithm>
#include <vector>

#include "compiler/ops/op.h"

namespace kcc {
namespace {

double elements(const Shape& shape, int64_t batch) {
  const Dim count = element_count(shape);
  return static_cast<double>(count.size) * static_cast<double>(count.batched ? batch : 1);
}

double bytes_of(const Type& type, int64_t batch) {
  return elements(type.shape, batch) * static_cast<double>(size_of(type.dtype));
}

// The rules count for a sample: sums over the batch are shorter than their results say.
double flops_of(const Graph& body, const Node& node, int64_t batch) {
  const OpInfo& op = info(node.op);
  if (!op.flops) return 0;
  const Dim count = element_count(node.type.shape);
  bool batched = count.batched;
  for (ValueId operand : node.inputs) batched = batched || element_count(body[operand].type.shape).batched;
  return op.flops(body, node) * static_cast<double>(count.size) * static_cast<double>(batched ? batch : 1);
}

// Bytes of an operand that the body reads: of one that is only a table to look up in, or cut, what comes out of that.
double bytes_read(const Graph& body, ValueId operand, int64_t batch) {
  const double whole = bytes_of(body[operand].type, batch);
  double parts = 0;
  for (const Node& node : body.nodes) {
    const auto use = std::find(node.inputs.begin(), node.inputs.end(), operand);
    if (use == node.inputs.end()) continue;
    const bool partial = node.op == OpKind::kSlice || (node.op == OpKind::kGather && use == node.inputs.begin());
    if (!partial) return whole;
    parts += bytes_of(node.type, batch);
  }
  return std::min(whole, parts);
}

// How much of values of this shape a kernel touches: of a table whose used rows alone are updated, as many rows as
// there are indices, at most.
double share_touched(const Graph& body, const Shape& shape, int64_t batch) {
  for (const Node& node : body.nodes)
    if (node.op == OpKind::kScatterAdd && node.attrs.has("used_rows") && node.type.shape == shape)
      return std::min(1.0, elements(body[node.inputs[0]].type.shape, batch) / static_cast<double>(shape[0].size));
  return 1;
}

}  // namespace

CallCost cost_of(const KernelCall& call, const Kernel& kernel, int64_t batch) {
  const Graph& body = kernel.body;
  CallCost cost;
  for (ValueId id = 0; id < body.size(); ++id) {
    const double share = share_touched(body, body[id].type.shape, batch);
    cost.flops += share * flops_of(body, body[id], batch);
    if (body[id].op == OpKind::kInput) cost.bytes += share * bytes_read(body, id, batch);
  }
  for (const TensorRef& result : call.outputs)
    cost.bytes += share_touched(body, result.type.shape, batch) * bytes_of(result.type, batch);
  return cost;
}

}  // namespace kcc
