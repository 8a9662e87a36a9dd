#include "compiler/passes/join_gates.h"

#include <algorithm>

#include "compiler/ops/op.h"
#include "compiler/passes/extract_kernel.h"
#include "compiler/passes/gates.h"

namespace kcc {
namespace {

bool contains(const std::vector<ValueId>& values, ValueId value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Whether the group combines what it reads unit by unit.
bool is_unit_by_unit(const KernelGraph& kernels, const Group& group) {
  if (group.family != Family::kPointwise) return false;
  const ExtractedKernel extracted = extract_kernel(kernels, group);
  return std::all_of(extracted.kernel.body.nodes.begin(), extracted.kernel.body.nodes.end(), [](const Node& node) {
    const OpCategory category = info(node.op).category;
    return category == OpCategory::kElementwise || category == OpCategory::kLeaf || node.op == OpKind::kBroadcast ||
           node.op == OpKind::kSlice;
  });
}

class Joiner {
 public:
  explicit Joiner(KernelGraph kernels) : kernels_(std::move(kernels)), graph_(kernels_.graph) {}

  KernelGraph run() {
    for (size_t g = 0; g < kernels_.groups.size();) {
      const int32_t reader = reader_of_gates(static_cast<int32_t>(g));
      if (reader >= 0)
        join(static_cast<int32_t>(g), reader);
      else
        ++g;
    }
    return std::move(kernels_);
  }

 private:
  // The one group that reads the product of group `g`, if it can take it in; else -1.
  int32_t reader_of_gates(int32_t g) const {
    const Group& group = kernels_.groups[static_cast<size_t>(g)];
    const ValueId product = group.roots.front();
    if (group.family != Family::kMatMul || graph_[product].attrs.integer("transpose_a") != 0 ||
        graph_[product].attrs.integer("transpose_b") != 0)
      return -1;
    const int64_t gates = gates_of(graph_, product);
    if (gates == 1 || leaves(group)) return -1;
    const int32_t reader = only_reader(g);
    if (reader < 0) return -1;
    const Group& units = kernels_.groups[static_cast<size_t>(reader)];
    const Shape& whole = graph_[product].type.shape;
    if (units.domain != Shape{whole[0], Dim{whole[1].size / gates, false}}) return -1;
    return is_unit_by_unit(kernels_, units) ? reader : -1;
  }

  // Results of the step, or what is copied to such.
  bool leaves(const Group& group) const {
    const auto own = [&](ValueId v) { return v >= 0 && contains(group.roots, v); };
    return std::any_of(graph_.outputs.begin(), graph_.outputs.end(),
                       [&](const NamedValue& o) { return own(o.value); }) ||
           std::any_of(graph_.writes.begin(), graph_.writes.end(), [&](const StateWrite& w) { return own(w.value); }) ||
           std::any_of(kernels_.copies.begin(), kernels_.copies.end(), [&](const Copy& c) { return own(c.value); });
  }

  int32_t only_reader(int32_t g) const {
    const std::vector<ValueId>& outputs = kernels_.groups[static_cast<size_t>(g)].outputs;
    int32_t reader = -1;
    for (int32_t r = 0; r < static_cast<int32_t>(kernels_.groups.size()); ++r) {
      if (r == g) continue;
      const std::vector<ValueId> operands = extract_kernel(kernels_, kernels_.groups[static_cast<size_t>(r)]).operands;
      if (std::none_of(operands.begin(), operands.end(), [&](ValueId v) { return contains(outputs, v); })) continue;
      if (reader >= 0) return -1;
      reader = r;
    }
    return reader;
  }

  // Nothing but the reader waits for the product, so it can be as late as the reader.
  void join(int32_t g, int32_t reader) {
    Group& units = kernels_.groups[static_cast<size_t>(reader)];
    const Group& product = kernels_.groups[static_cast<size_t>(g)];
    units.family = Family::kMatMul;
    units.roots.insert(units.roots.begin(), product.roots.begin(), product.roots.end());
    kernels_.groups.erase(kernels_.groups.begin() + g);
    for (size_t i = 0; i < kernels_.groups.size(); ++i)
      for (ValueId root : kernels_.groups[i].roots)
        kernels_.group_of[static_cast<size_t>(root)] = static_cast<int32_t>(i);
  }

  KernelGraph kernels_;
  const Graph& graph_;
};

}  // namespace

KernelGraph join_gates(KernelGraph kernels) {
  return Joiner(std::move(kernels)).run();
}

}  // namespace kcc
