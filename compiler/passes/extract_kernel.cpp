#include "compiler/passes/extract_kernel.h"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/ops/leaf.h"
#include "compiler/passes/roots.h"
#include "compiler/passes/used_rows.h"

namespace kcc {
namespace {

class Extractor {
 public:
  Extractor(const KernelGraph& kernels, const std::vector<ValueId>& own)
      : graph_(kernels.graph), kernels_(kernels), own_(own.begin(), own.end()) {}

  ValueId visit(ValueId v) {
    auto found = renamed_.find(v);
    if (found != renamed_.end()) return found->second;
    const Node& node = graph_[v];
    const bool outside =
        is_given(node) || node.op == OpKind::kReshape || (kernels_.is_root[static_cast<size_t>(v)] && !own_.count(v));
    const ValueId copy = outside ? operand(v) : inlined(node);
    renamed_[v] = copy;
    return copy;
  }

  // A kernel reads the batch off an operand or result; one that needs it only to count gets the entry's first batched
  // input for its extent.
  void show_batch() {
    if (!needs_batch()) return;
    for (ValueId v = 0; v < graph_.size(); ++v) {
      if (graph_[v].op != OpKind::kInput || !element_count(graph_[v].type.shape).batched) continue;
      visit(v);
      return;
    }
  }

  ExtractedKernel result;

 private:
  bool needs_batch() const {
    const auto batched = [](const Node& node) { return element_count(node.type.shape).batched; };
    const std::vector<Node>& nodes = result.kernel.body.nodes;
    return std::any_of(nodes.begin(), nodes.end(), [](const Node& n) { return n.op == OpKind::kExtent; }) &&
           std::none_of(nodes.begin(), nodes.end(),
                        [&](const Node& n) { return n.op == OpKind::kInput && batched(n); });
  }

  ValueId operand(ValueId v) {
    Builder b{result.kernel.body};
    result.operands.push_back(v);
    return input(b, "a" + std::to_string(result.operands.size() - 1), graph_[v].type);
  }

  ValueId inlined(const Node& original) {
    Node node = original;
    node.origin = -1;  // equal kernels of different layers are one kernel
    for (ValueId& i : node.inputs) i = visit(i);
    return result.kernel.body.add(std::move(node));
  }

  const Graph& graph_;
  const KernelGraph& kernels_;
  const std::set<ValueId> own_;
  std::map<ValueId, ValueId> renamed_;
};

}  // namespace

ExtractedKernel extract_kernel(const KernelGraph& kernels, const Group& group) {
  Extractor extractor(kernels, group.roots);
  Kernel& kernel = extractor.result.kernel;
  kernel.family = group.family;
  kernel.body.name = "kernel";
  if (group.family != Family::kPointwise) kernel.anchor = extractor.visit(group.roots.front());
  for (size_t i = 0; i < group.outputs.size(); ++i)
    kernel.body.outputs.push_back({"r" + std::to_string(i), extractor.visit(group.outputs[i])});
  extractor.show_batch();
  if (updates_used_rows_alone(kernels, group))
    kernel.body.nodes[static_cast<size_t>(kernel.anchor)].attrs.set("used_rows", int64_t{1});
  return std::move(extractor.result);
}

ExtractedKernel extract_copy(const KernelGraph& kernels, ValueId value) {
  ExtractedKernel copy;
  copy.kernel.body.name = "kernel";
  Builder b{copy.kernel.body};
  copy.kernel.body.outputs.push_back({"r0", input(b, "a0", kernels.graph[value].type)});
  copy.operands.push_back(value);
  return copy;
}

}  // namespace kcc
