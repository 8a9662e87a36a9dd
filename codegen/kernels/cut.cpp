#include "codegen/kernels/cut.h"

#include <set>

namespace kcc {

Cut find_cut(const Graph& body) {
  std::vector<bool> same_index(body.nodes.size(), false);
  for (const NamedValue& output : body.outputs) same_index[static_cast<size_t>(output.value)] = true;
  Cut cut;
  std::set<int64_t> bounds;
  for (size_t v = body.nodes.size(); v-- > 0;) {
    const Node& node = body.nodes[v];
    if (!same_index[v]) continue;
    if (node.op >= OpKind::kNeg && node.op <= OpKind::kSelect)
      for (ValueId input : node.inputs) same_index[static_cast<size_t>(input)] = true;
    if (node.op == OpKind::kConcat) {
      const int64_t axis = node.attrs.integer("axis");
      if (cut.axis >= 0 && cut.axis != axis) continue;
      cut.axis = axis;
      int64_t start = 0;
      for (ValueId part : node.inputs) bounds.insert(start += body[part].type.shape[static_cast<size_t>(axis)].size);
    }
    const int64_t last = node.type.rank() - 1;
    if (node.op == OpKind::kPad && (cut.axis < 0 || cut.axis == last)) {
      const int64_t low = node.attrs.integers("low").back(), high = node.attrs.integers("high").back();
      const int64_t extent = node.type.shape.back().size;
      if (low + high == 0 || node.type.shape.back().batched) continue;
      cut.axis = last;
      bounds.insert({low, extent - high, extent});
    }
  }
  if (cut.axis < 0) return cut;
  bounds.erase(0);
  cut.bounds.assign(bounds.begin(), bounds.end());
  cut.bounds.insert(cut.bounds.begin(), 0);
  return cut;
}

bool has_concat_beside(const Graph& body) {
  const Shape& first = body[body.outputs.at(0).value].type.shape;
  const Node& last = body[body.outputs.back().value];
  return body.outputs.size() > 1 && last.op == OpKind::kConcat && last.type.shape != first;
}

}  // namespace kcc
