#include "compiler/passes/sample_order.h"

#include <algorithm>
#include <optional>

#include "compiler/ops/op.h"

namespace kcc {
namespace {

bool is_batched(const Type& type) {
  return element_count(type.shape).batched;
}

size_t batch_axis(const Shape& shape) {
  return static_cast<size_t>(std::find_if(shape.begin(), shape.end(), [](const Dim& d) { return d.batched; }) -
                             shape.begin());
}

int64_t extents_before_batch(const Shape& shape) {
  return element_count(Shape(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(batch_axis(shape)))).size;
}

bool reads_batched(const Graph& graph, const Node& node) {
  return std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId v) { return is_batched(graph[v].type); });
}

// What lies along a batched dimension of extent n B: for (T, B) made one dimension, T runs of B samples, the order T;
// for (B, T), the order 1. Values may meet where their orders are the same. kAny: equal for all samples.
constexpr int64_t kAny = 0;

class Orders {
 public:
  explicit Orders(const Graph& graph, bool in_loop) : graph_(graph), in_loop_(in_loop) {}

  const Node* find_mixed() {
    for (const Node& node : graph_.nodes) {
      const std::optional<int64_t> order = order_of(node);
      if (!order) return &node;
      orders_.push_back(*order);
    }
    return nullptr;
  }

 private:
  // None: the node mixes samples.
  std::optional<int64_t> order_of(const Node& node) const {
    const std::optional<int64_t> operands = common_order(node);
    if (!operands) return {};
    if (node.op == OpKind::kExtent && in_loop_ && element_count(node.attrs.shape("shape")).batched) return {};
    if (node.op == OpKind::kScan && (*operands > 1 || Orders(*node.body, true).find_mixed() != nullptr)) return {};
    if (node.op == OpKind::kInput || node.op == OpKind::kState || node.op == OpKind::kResult) return 1;
    if (!is_batched(node.type)) {
      const bool apart = node.op == OpKind::kScan || !reads_batched(graph_, node);
      return apart || (!in_loop_ && adds_up_samples(graph_, node)) ? std::optional(kAny) : std::nullopt;
    }
    if (node.op == OpKind::kReshape) return reshaped(node, *operands);
    // A position in the batch is the only such value; operations that move data leave the batch alone by their types.
    const bool position =
        node.op == OpKind::kIota && node.attrs.integer("axis") == static_cast<int64_t>(batch_axis(node.type.shape));
    return position ? std::nullopt : operands;
  }

  std::optional<int64_t> common_order(const Node& node) const {
    int64_t common = kAny;
    for (ValueId v : node.inputs) {
      const int64_t order = is_batched(graph_[v].type) ? orders_[static_cast<size_t>(v)] : kAny;
      if (order == kAny) continue;
      if (common != kAny && common != order) return {};
      common = order;
    }
    return common;
  }

  // Row-major order stays: as many elements come before the samples as did.
  std::optional<int64_t> reshaped(const Node& node, int64_t order) const {
    if (order == kAny) return kAny;
    const int64_t before = extents_before_batch(graph_[node.inputs[0]].type.shape) * order;
    const int64_t outside = extents_before_batch(node.type.shape);
    const int64_t inside = before / outside, extent = node.type.shape[batch_axis(node.type.shape)].size;
    return before % outside == 0 && extent % inside == 0 ? std::optional(inside) : std::nullopt;
  }

  const Graph& graph_;
  const bool in_loop_;
  std::vector<int64_t> orders_;  // by value
};

}  // namespace

bool adds_up_samples(const Graph& graph, const Node& node) {
  const bool sum = node.op == OpKind::kReduceSum || node.op == OpKind::kScatterAdd || node.op == OpKind::kMatMul ||
                   node.op == OpKind::kConvWeightGrad;
  return sum && node.type.dtype == DType::kF32 && !is_batched(node.type) && reads_batched(graph, node);
}

const Node* find_mixed_samples(const Graph& graph) {
  return Orders(graph, false).find_mixed();
}

}  // namespace kcc
