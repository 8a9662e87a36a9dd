#include "compiler/passes/gates.h"

#include <algorithm>
#include <vector>

#include "compiler/ops/op.h"

namespace kcc {
namespace {

// With more weights than stay in the first cache beside the rest, streaming them past every few rows costs more than
// writing the sums down: the results go to memory that no cache holds and are then better written in one go. (LSTM of
// 128 units: 40 us a step, joined 80; of 64 units over 280 steps 15 against 57 on a busy machine.)
constexpr int64_t kMostWeights = 10 << 10;

}  // namespace

bool is_gate(const Graph& step, const Node& slice, int64_t gates) {
  if (slice.op != OpKind::kSlice) return false;
  const Shape& whole = step[slice.inputs[0]].type.shape;
  const std::vector<int64_t>&starts = slice.attrs.integers("starts"), &strides = slice.attrs.integers("strides");
  const int64_t units = slice.type.shape.back().size;
  if (slice.type.rank() != 2 || units * gates != whole.back().size || slice.type.shape[0] != whole[0]) return false;
  return starts[0] == 0 && starts[1] % units == 0 && strides == std::vector<int64_t>{1, 1};
}

int64_t gates_of(const Graph& step, ValueId product) {
  const Type& type = step[product].type;
  const Shape& weights = step[step[product].inputs[1]].type.shape;
  if (type.rank() != 2 || element_count(weights).size > kMostWeights) return 1;
  std::vector<bool> whole(step.nodes.size(), false);  // the product, or element-wise work on all of it
  whole[static_cast<size_t>(product)] = true;
  int64_t gates = 0;
  for (size_t v = static_cast<size_t>(product) + 1; v < step.nodes.size(); ++v) {
    const Node& node = step.nodes[v];
    const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(),
                                   [&](ValueId input) { return bool(whole[static_cast<size_t>(input)]); });
    if (!reads) continue;
    if (info(node.op).category == OpCategory::kElementwise && node.type.shape == type.shape) {
      whole[v] = true;
      continue;
    }
    if (gates == 0 && node.op == OpKind::kSlice && node.type.shape.back().size > 0)
      gates = type.shape.back().size / node.type.shape.back().size;
    if (!is_gate(step, node, gates)) return 1;
  }
  for (const NamedValue& output : step.outputs)
    if (whole[static_cast<size_t>(output.value)]) return 1;
  return std::max<int64_t>(gates, 1);
}

}  // namespace kcc
