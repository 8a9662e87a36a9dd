#include "compiler/passes/join_concats.h"

#include <algorithm>

#include "compiler/ops/op.h"
#include "compiler/passes/extract_kernel.h"

namespace kcc {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

class Joiner {
 public:
  explicit Joiner(KernelGraph kernels) : kernels_(std::move(kernels)), graph_(kernels_.graph) {}

  KernelGraph run() {
    for (size_t g = 0; g < kernels_.groups.size();) {
      const int32_t maker = maker_of_parts(kernels_.groups[g]);
      if (maker >= 0)
        join(static_cast<int32_t>(g), maker);
      else
        ++g;
    }
    return std::move(kernels_);
  }

 private:
  // The group whose results those of `group` are concatenations of, matrices side by side; else -1.
  int32_t maker_of_parts(const Group& group) const {
    if (group.family != Family::kPointwise) return -1;
    int32_t maker = -1;
    for (ValueId root : group.roots) {
      const Node& node = graph_[root];
      if (node.op != OpKind::kConcat || node.type.rank() != 2 || node.attrs.integer("axis") != 1) return -1;
      for (ValueId part : node.inputs) {
        const int32_t g = kernels_.group_of[at(part)];
        if (g < 0 || (maker >= 0 && g != maker) || graph_[part].type != graph_[node.inputs[0]].type) return -1;
        maker = g;
      }
    }
    return maker >= 0 && is_elementwise(kernels_.groups[at(maker)]) ? maker : -1;
  }

  bool is_elementwise(const Group& group) const {
    if (group.family != Family::kPointwise) return false;
    const ExtractedKernel extracted = extract_kernel(kernels_, group);
    return std::all_of(extracted.kernel.body.nodes.begin(), extracted.kernel.body.nodes.end(), [&](const Node& node) {
      const OpCategory category = info(node.op).category;
      return category == OpCategory::kElementwise || category == OpCategory::kLeaf || node.op == OpKind::kBroadcast ||
             node.op == OpKind::kSlice;
    });
  }

  void join(int32_t g, int32_t maker) {
    const Group concats = kernels_.groups[at(g)];
    Group& parts = kernels_.groups[at(maker)];
    std::erase_if(parts.outputs, [&](ValueId v) { return !is_read_elsewhere(v, g); });
    parts.roots.insert(parts.roots.end(), concats.roots.begin(), concats.roots.end());
    parts.outputs.insert(parts.outputs.end(), concats.outputs.begin(), concats.outputs.end());
    kernels_.groups.erase(kernels_.groups.begin() + g);
    for (size_t i = 0; i < kernels_.groups.size(); ++i)
      for (ValueId root : kernels_.groups[i].roots) kernels_.group_of[at(root)] = static_cast<int32_t>(i);
  }

  // Whether more than group `g` and the value's own group wants it.
  bool is_read_elsewhere(ValueId value, int32_t g) const {
    const auto is_value = [&](ValueId v) {
      while (graph_[v].op == OpKind::kReshape) v = graph_[v].inputs[0];
      return v == value;
    };
    for (const NamedValue& output : graph_.outputs)
      if (is_value(output.value)) return true;
    for (const Copy& copy : kernels_.copies)
      if (is_value(copy.value)) return true;
    for (size_t r = 0; r < kernels_.groups.size(); ++r) {
      if (static_cast<int32_t>(r) == g || static_cast<int32_t>(r) == kernels_.group_of[at(value)]) continue;
      const std::vector<ValueId> operands = extract_kernel(kernels_, kernels_.groups[r]).operands;
      if (std::any_of(operands.begin(), operands.end(), is_value)) return true;
    }
    return false;
  }

  KernelGraph kernels_;
  const Graph& graph_;
};

}  // namespace

KernelGraph join_concats(KernelGraph kernels) {
  return Joiner(std::move(kernels)).run();
}

}  // namespace kcc
