#include "compiler/passes/narrow_scans.h"

#include <map>

#include "compiler/ir/scan.h"
#include "compiler/passes/eliminate_dead.h"
#include "compiler/passes/rewrite.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

// One scan on its way to fewer operands and results.
class Narrowing {
 public:
  Narrowing(const Node& scan, const std::vector<int64_t>& used)
      : scan_(scan),
        layout_(layout_of(scan)),
        carry_(at(layout_.carries), false),
        stack_(at(layout_.stacked), false),
        body_(*scan.body) {
    for (int64_t r : used) keep_result(r);
    find_carries();
    find_inputs();
  }

  Node node() const {
    Node node = scan_;
    Graph body = body_;
    body.inputs.clear();
    body.outputs.clear();
    node.inputs.clear();
    std::vector<int64_t> position(scan_.inputs.size(), -1);
    for (size_t i = 0; i < scan_.inputs.size(); ++i) {
      if (!input_[i]) continue;
      position[i] = static_cast<int64_t>(node.inputs.size());
      node.inputs.push_back(scan_.inputs[i]);
      body.inputs.push_back(body_.inputs[i]);
    }
    for (size_t i = 0; i < body_.outputs.size(); ++i)
      if (i < carry_.size() ? carry_[i] : stack_[i - carry_.size()]) body.outputs.push_back(body_.outputs[i]);
    body = eliminate_dead(body);
    for (Node& inner : body.nodes)
      if (inner.op == OpKind::kInput) inner.attrs.set("index", position[at(inner.attrs.integer("index"))]);
    node.attrs.set("carries", count(carry_, 0, carry_.size()));
    node.attrs.set("sequences", count(input_, at(layout_.carries), at(layout_.invariant(0))));
    const size_t mask = layout_.mask < 0 ? 0 : at(layout_.sequence(layout_.mask));
    const bool masked = layout_.mask >= 0 && input_[mask];
    node.attrs.set("mask", masked ? count(input_, at(layout_.carries), mask) : int64_t{-1});
    node.body = std::make_shared<const Graph>(std::move(body));
    return node;
  }

  // The number that result `index` of the old scan has now.
  int64_t renamed(int64_t index) const {
    const int64_t r = canonical(index), carries = count(carry_, 0, carry_.size());
    if (r >= layout_.stack(0)) return 3 * carries + count(stack_, 0, at(r - layout_.stack(0)));
    return r / layout_.carries * carries + count(carry_, 0, at(r % layout_.carries));
  }

 private:
  static int64_t count(const std::vector<bool>& kept, size_t first, size_t last) {
    int64_t n = 0;
    for (size_t i = first; i < last; ++i) n += kept[i];
    return n;
  }

  // A stacked output may be there already under another number.
  int64_t canonical(int64_t index) const {
    if (index < layout_.stack(0)) return index;
    const size_t output = at(index - 2 * layout_.carries);
    const ValueId value = body_.outputs[output].value;
    const Node& node = body_[value];
    if (node.op == OpKind::kInput && node.attrs.integer("index") < layout_.carries)
      return layout_.before(node.attrs.integer("index"));
    for (size_t i = 0; i < output; ++i) {
      if (body_.outputs[i].value != value) continue;
      const int64_t first = static_cast<int64_t>(i);
      return first < layout_.carries ? layout_.after(first) : layout_.stack(first - layout_.carries);
    }
    return index;
  }

  void keep_result(int64_t index) {
    const int64_t r = canonical(index);
    if (r >= layout_.stack(0))
      stack_[at(r - layout_.stack(0))] = true;
    else
      carry_[at(r % layout_.carries)] = true;
  }

  // Values of the body that kept outputs depend on.
  std::vector<bool> live() const {
    std::vector<bool> live(body_.nodes.size(), false);
    for (size_t i = 0; i < body_.outputs.size(); ++i)
      if (i < carry_.size() ? carry_[i] : stack_[i - carry_.size()]) live[at(body_.outputs[i].value)] = true;
    for (size_t v = live.size(); v-- > 0;)
      if (live[v])
        for (ValueId input : body_.nodes[v].inputs) live[at(input)] = true;
    return live;
  }

  void find_carries() {
    for (bool changed = true; changed;) {
      changed = false;
      const std::vector<bool> alive = live();
      for (size_t v = 0; v < alive.size(); ++v) {
        const Node& node = body_.nodes[v];
        if (!alive[v] || node.op != OpKind::kInput || node.attrs.integer("index") >= layout_.carries) continue;
        if (carry_[at(node.attrs.integer("index"))]) continue;
        carry_[at(node.attrs.integer("index"))] = changed = true;
      }
    }
  }

  void find_inputs() {
    input_.assign(scan_.inputs.size(), false);
    const std::vector<bool> alive = live();
    for (size_t v = 0; v < alive.size(); ++v)
      if (alive[v] && body_.nodes[v].op == OpKind::kInput) input_[at(body_.nodes[v].attrs.integer("index"))] = true;
    for (size_t i = 0; i < carry_.size(); ++i) input_[i] = carry_[i];
  }

  const Node& scan_;
  const ScanLayout layout_;
  std::vector<bool> carry_, stack_, input_;
  const Graph& body_;
};

}  // namespace

Graph narrow_scans(const Graph& graph) {
  std::map<ValueId, std::vector<int64_t>> used;
  for (const Node& node : graph.nodes)
    if (node.op == OpKind::kResult) used[node.inputs[0]].push_back(node.attrs.integer("index"));
  std::map<ValueId, Narrowing> narrowed;  // by the scan's value in the new graph
  ValueId old = -1;
  return rewrite(graph, [&](Builder& b, Node node) {
    ++old;
    if (node.op == OpKind::kScan) {
      const Narrowing narrowing(graph[old], used[old]);
      Node smaller = narrowing.node();
      // operands are renamed in `node`, in the same order
      std::map<ValueId, ValueId> renamed;
      for (size_t i = 0; i < node.inputs.size(); ++i) renamed[graph[old].inputs[i]] = node.inputs[i];
      for (ValueId& input : smaller.inputs) input = renamed.at(input);
      const ValueId value = b.graph.add(std::move(smaller));
      narrowed.emplace(value, narrowing);
      return value;
    }
    if (node.op == OpKind::kResult)
      node.attrs.set("index", narrowed.at(node.inputs[0]).renamed(node.attrs.integer("index")));
    return b.graph.add(std::move(node));
  });
}

}  // namespace kcc
