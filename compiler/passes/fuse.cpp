#include "compiler/passes/fuse.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "compiler/ops/op.h"
#include "compiler/passes/cone.h"
#include "compiler/passes/gradient_sums.h"
#include "compiler/passes/roots.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

Family family_of(const Node& node, const Shape& kept) {
  switch (node.op) {
    case OpKind::kMatMul:
      return node.type.rank() > 2 ? Family::kBatchMatMul : Family::kMatMul;
    case OpKind::kConv:
      return Family::kConv;
    case OpKind::kConvInputGrad:
      return Family::kConvInputGrad;
    case OpKind::kConvWeightGrad:
      return Family::kConvWeightGrad;
    case OpKind::kMaxPool:
      return Family::kMaxPool;
    case OpKind::kMaxPoolGrad:
      return Family::kMaxPoolGrad;
    case OpKind::kAvgPool:
      return Family::kAvgPool;
    case OpKind::kAvgPoolGrad:
      return Family::kAvgPoolGrad;
    case OpKind::kScatterAdd:
      return Family::kScatter;
    case OpKind::kScan:
      return Family::kLoop;
    case OpKind::kRankSum:
      return Family::kExchange;
    default:
      break;
  }
  if (info(node.op).category != OpCategory::kReduction) return Family::kPointwise;
  // A reduction that keeps the batch has rows to itself; one over the batch needs all of them.
  return std::any_of(kept.begin(), kept.end(), [](const Dim& d) { return d.batched; }) ? Family::kRows
                                                                                       : Family::kReduction;
}

std::vector<int64_t> axes_of(const Node& node) {
  return node.op == OpKind::kArgMax ? std::vector<int64_t>{node.attrs.integer("axis")} : node.attrs.integers("axes");
}

bool is_suffix(const std::vector<int64_t>& axes, size_t rank) {
  for (size_t i = 0; i < axes.size(); ++i)
    if (axes[i] != static_cast<int64_t>(rank - axes.size() + i)) return false;
  return true;
}

bool is_trailing_rows(const Group& g) {
  return g.family == Family::kRows;
}

// What a group already depends on: groups whose results it reads, and groups that must have read a state before it
// writes it.
using Edges = std::vector<std::set<int32_t>>;

bool reaches(const Edges& edges, int32_t from, int32_t to) {
  std::vector<bool> seen(edges.size(), false);
  std::vector<int32_t> stack{from};
  while (!stack.empty()) {
    const int32_t g = stack.back();
    stack.pop_back();
    if (g == to) return true;
    if (seen[at(g)]) continue;
    seen[at(g)] = true;
    stack.insert(stack.end(), edges[at(g)].begin(), edges[at(g)].end());
  }
  return false;
}

class Fuser {
 public:
  Fuser(const Graph& graph, Calls calls)
      : graph_(graph), calls_(calls), is_root_(find_roots(graph)), group_of_(graph.nodes.size(), -1) {}

  KernelGraph run() {
    std::map<ValueId, StateId> writes = direct_writes();
    for (ValueId v : weight_gradients_first(graph_))
      if (is_root_[at(v)] && !writes.count(v)) place(v, -1);
    // Writes come last, when all readers of the states are known.
    for (ValueId v = 0; v < graph_.size(); ++v)
      if (auto found = writes.find(v); found != writes.end()) place(v, found->second);
    return finish();
  }

 private:
  // The writes that can be done in place: the value is computed here, lives nowhere else, and whatever reads it is
  // itself written in place (a new weight reads its new momentum) and so comes as late. Everything else is copied.
  std::map<ValueId, StateId> direct_writes() {
    std::set<ValueId> taken;
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const ValueId base = base_of(graph_.outputs[i].value);
      if (!has_kernel(base) || !taken.insert(base).second)
        copies_.push_back({graph_.outputs[i].value, -1, static_cast<int32_t>(i)});
    }
    std::map<ValueId, StateId> writes;
    for (const StateWrite& write : graph_.writes)
      if (may_write_in_place(write.value) && taken.insert(write.value).second) writes[write.value] = write.state;
    for (ValueId reader = graph_.size() - 1; reader >= 0; --reader) {  // readers before what they read
      if (!is_root_[at(reader)] || writes.count(reader)) continue;
      for (ValueId read : cone_of(reader).roots) writes.erase(read);
    }
    for (const StateWrite& write : graph_.writes) {
      auto direct = writes.find(write.value);
      if (direct == writes.end() || direct->second != write.state) copies_.push_back({write.value, write.state, -1});
    }
    return writes;
  }

  // A root whose kernel can write it anywhere: a loop's results lie where the loop keeps them, sums over the ranks
  // where the summands were.
  bool has_kernel(ValueId v) const {
    return is_root_[at(v)] && graph_[v].op != OpKind::kResult && graph_[v].op != OpKind::kRankSum;
  }

  // Kernels expect results that grow with the batch not to overlap operands.
  bool may_write_in_place(ValueId v) const { return has_kernel(v) && !element_count(graph_[v].type.shape).batched; }

  ValueId base_of(ValueId v) const { return kcc::base_of(graph_, v); }
  Cone cone_of(ValueId v) const { return kcc::cone_of(graph_, is_root_, v); }

  // ---- what reads a group element by element

  // Whether anything below `n`, itself included, is a root of group `g` or reads the state that is written there.
  bool touches(ValueId n, int32_t g, StateId written) const {
    if (group_of_[at(n)] == g) return true;
    if (is_root_[at(n)]) return false;
    const Node& node = graph_[n];
    if (node.op == OpKind::kState && node.attrs.integer("index") == written) return true;
    return std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId i) { return touches(i, g, written); });
  }

  // Whether `n` reads the roots of group `g` (and the state that is written there) only element by element.
  bool aligned(ValueId n, bool start, int32_t g, StateId written) const {
    if (!start && is_root_[at(n)]) return true;
    const Node& node = graph_[n];
    const OpCategory category = info(node.op).category;
    if (category == OpCategory::kElementwise || (start && category == OpCategory::kReduction) ||
        category == OpCategory::kRandom)
      return std::all_of(node.inputs.begin(), node.inputs.end(),
                         [&](ValueId i) { return aligned(i, false, g, written); });
    if (is_given(node)) return true;
    if (node.op == OpKind::kBroadcast && is_spread_over_row(node, groups_[at(g)]))
      return aligned(node.inputs[0], false, g, written);
    // Of the operands: `n` itself may be the root that is being placed.
    return std::none_of(node.inputs.begin(), node.inputs.end(), [&](ValueId i) { return touches(i, g, written); });
  }

  bool is_spread_over_row(const Node& node, const Group& group) const {
    if (!is_trailing_rows(group) || node.type.shape != group.domain || graph_[node.inputs[0]].type.shape != group.kept)
      return false;
    return node.attrs.integers("dims") == kept_axes(group);
  }

  static std::vector<int64_t> kept_axes(const Group& group) {
    std::vector<int64_t> kept;
    for (int64_t i = 0; i < static_cast<int64_t>(group.domain.size()); ++i)
      if (!std::binary_search(group.axes.begin(), group.axes.end(), i)) kept.push_back(i);
    return kept;
  }

  // ---- placing

  bool rides_on(ValueId v, const Group& group) const {
    return group.family == Family::kConvWeightGrad && !group.roots.empty() &&
           sums_gradient_of(graph_, v, group.roots[0]);
  }

  // "" if root `v` may join group `g`, else why not.
  std::string objection(ValueId v, int32_t g, const Cone& cone, StateId written) const {
    const Group& group = groups_[at(g)];
    const Node& node = graph_[v];
    const bool reduction = info(node.op).category == OpCategory::kReduction;
    if (group.family == Family::kLoop) return "a loop of its own";
    if (group.family == Family::kExchange) return "the ranks add up the value in between";
    if (is_anchor(node) && !reduction) return "a product or pool of its own";
    if (reduction && !rides_on(v, group)) {
      const Shape& domain = graph_[node.inputs[0]].type.shape;
      if (group.family != Family::kRows && group.family != Family::kReduction)
        return "a reduction after another kind of kernel";
      if (domain != group.domain || axes_of(node) != group.axes) return "other elements or axes are reduced";
      if (node.op == OpKind::kArgMax && group.family == Family::kReduction) return "a position over the batch";
      if (group.family == Family::kReduction && reads_group(cone, g)) return "it needs the finished sum";
    } else if (!reduction) {
      const bool on_domain = node.type.shape == group.domain && group.family != Family::kReduction;
      const bool on_kept = node.type.shape == group.kept;
      if (!on_domain && !on_kept) return "another shape";
      if (cone.random && group.family != Family::kPointwise) return "random numbers are made in flat loops";
    }
    if (!aligned(v, true, g, written)) return "elements are read in another order";
    if (written >= 0 && reads_state_as_operand(g, written)) return "the state is still read by the same kernel";
    return keeps_order(g, cone, written) ? "" : "the order would have a cycle";
  }

  bool reads_group(const Cone& cone, int32_t g) const {
    return std::any_of(cone.roots.begin(), cone.roots.end(), [&](ValueId r) { return group_of_[at(r)] == g; });
  }

  bool reads_state_as_operand(int32_t g, StateId state) const {
    for (ValueId root : groups_[at(g)].roots) {
      const Node& node = graph_[root];
      if (!is_anchor(node) || info(node.op).category == OpCategory::kReduction) continue;
      for (ValueId input : node.inputs) {
        const Node& base = graph_[base_of(input)];
        if (base.op == OpKind::kState && base.attrs.integer("index") == state) return true;
      }
    }
    return false;
  }

  Edges edges_with(int32_t g, const Cone& cone, StateId written) const {
    Edges edges = edges_;
    for (ValueId root : cone.roots)
      if (group_of_[at(root)] != g) edges[at(g)].insert(group_of_[at(root)]);
    for (StateId state : cone.states) {
      auto writer = writer_.find(state);
      if (writer != writer_.end() && writer->second != g) edges[at(writer->second)].insert(g);
    }
    if (written >= 0) {
      for (size_t r = 0; r < reads_.size(); ++r)
        if (static_cast<int32_t>(r) != g && reads_[r].count(written)) edges[at(g)].insert(static_cast<int32_t>(r));
    }
    return edges;
  }

  bool keeps_order(int32_t g, const Cone& cone, StateId written) const {
    const Edges edges = edges_with(g, cone, written);
    for (int32_t next : edges[at(g)])
      if (reaches(edges, next, g)) return false;
    for (StateId state : cone.states) {
      auto writer = writer_.find(state);
      if (writer != writer_.end() && writer->second != g && reaches(edges, g, writer->second)) return false;
    }
    return true;
  }

  void place(ValueId v, StateId written) {
    if (graph_[v].op == OpKind::kResult) {
      group_of_[at(v)] = group_of_[at(graph_[v].inputs[0])];
      groups_[at(group_of_[at(v)])].roots.push_back(v);
      return;
    }
    const Cone cone = cone_of(v);
    int32_t g = find_group(v, cone, written);
    if (g < 0) {
      g = open_group(v);
      spare_states(cone);
    }
    const bool in_place = written >= 0 && keeps_order(g, cone, written);
    edges_ = edges_with(g, cone, in_place ? written : -1);
    if (rides_on(v, groups_[at(g)])) groups_[at(g)].kept = graph_[v].type.shape;
    groups_[at(g)].roots.push_back(v);
    group_of_[at(v)] = g;
    reads_[at(g)].insert(cone.states.begin(), cone.states.end());
    if (in_place) {
      writer_[written] = g;
      written_.insert(v);
    } else if (written >= 0) {
      copies_.push_back({v, written, -1});
    }
  }

  // A new group needs the old values of states that the groups it comes after write in place: these write beside them
  // instead. (Lion's weight and momentum, each updated by the other's old value, when one kernel cannot make both.)
  void spare_states(const Cone& cone) {
    for (StateId state : cone.states) {
      const auto writer = writer_.find(state);
      if (writer == writer_.end()) continue;
      const auto follows = [&](ValueId root) { return reaches(edges_, group_of_[at(root)], writer->second); };
      if (std::none_of(cone.roots.begin(), cone.roots.end(), follows)) continue;
      for (const StateWrite& write : graph_.writes)
        if (write.state == state && written_.erase(write.value) != 0) copies_.push_back({write.value, state, -1});
      writer_.erase(writer);
    }
  }

  int32_t find_group(ValueId v, const Cone& cone, StateId written) {
    std::set<int32_t, std::greater<>> candidates;  // the latest first: the others are finished before it
    for (ValueId root : cone.roots) candidates.insert(group_of_[at(root)]);
    for (int32_t g = 0; g < static_cast<int32_t>(groups_.size()); ++g)
      if (is_beside(v, cone, groups_[at(g)], written)) candidates.insert(g);
    for (int32_t g : candidates) {
      const std::string why = objection(v, g, cone, written);
      if (why.empty()) return g;
      groups_[at(g)].ended = why;
    }
    return -1;
  }

  // Reductions over the same elements become one pass; scalars become one call, and so does short work.
  bool is_beside(ValueId v, const Cone& cone, const Group& group, StateId written) const {
    const bool reduction = info(graph_[v].op).category == OpCategory::kReduction;
    if (rides_on(v, group)) return true;
    if (!reduction && group.family != Family::kPointwise) return false;
    if (!reduction && graph_[v].type.shape.empty() && group.domain.empty()) return true;
    if (!reduction && (is_anchor(graph_[v]) || graph_[v].type.shape != group.domain)) return false;
    // The states of one weight, which its gradient updates: one pass over them.
    if (!reduction && calls_ == Calls::kLong) return written >= 0 && shares_root(cone, group);
    if (reduction && group.axes.empty()) return false;
    const auto shared = [](const std::set<ValueId>& a, const std::set<ValueId>& b) {
      return std::any_of(a.begin(), a.end(), [&](ValueId r) { return b.count(r) != 0; });
    };
    return std::any_of(group.roots.begin(), group.roots.end(), [&](ValueId root) {
      const Cone other = cone_of(root);
      return shared(cone.roots, other.roots) || shared(cone.given, other.given);
    });
  }

  // Whether a root of the group reads a root of the group's own shape that the cone reads too.
  bool shares_root(const Cone& cone, const Group& group) const {
    for (ValueId root : group.roots)
      for (ValueId read : cone_of(root).roots)
        if (cone.roots.count(read) && graph_[read].type.shape == group.domain) return true;
    return false;
  }

  int32_t open_group(ValueId v) {
    const Node& node = graph_[v];
    Group group;
    group.domain = group.kept = node.type.shape;
    group.family = family_of(node, node.type.shape);
    if (info(node.op).category == OpCategory::kReduction) {
      group.domain = graph_[node.inputs[0]].type.shape;
      group.axes = axes_of(node);
      if (group.family == Family::kRows && !is_suffix(group.axes, group.domain.size()))
        group.family = Family::kReduction;
    }
    groups_.push_back(group);
    edges_.emplace_back();
    reads_.emplace_back();
    return static_cast<int32_t>(groups_.size()) - 1;
  }

  // ---- order and outputs

  KernelGraph finish() {
    const std::vector<int32_t> order = topological_order();
    std::vector<int32_t> renamed(groups_.size());
    KernelGraph result;
    for (size_t i = 0; i < order.size(); ++i) {
      renamed[at(order[i])] = static_cast<int32_t>(i);
      result.groups.push_back(groups_[at(order[i])]);
    }
    for (int32_t& g : group_of_)
      if (g >= 0) g = renamed[at(g)];
    result.graph = graph_;
    result.copies = copies_;
    result.is_root = is_root_;
    result.group_of = group_of_;
    set_outputs(result);
    return result;
  }

  // Among the groups that are ready, the one opened first: the order in which the graph was written.
  std::vector<int32_t> topological_order() const {
    std::vector<int32_t> order;
    std::vector<bool> done(groups_.size(), false);
    while (order.size() < groups_.size()) {
      size_t next = groups_.size();
      for (size_t g = 0; g < groups_.size() && next == groups_.size(); ++g) {
        const bool ready =
            std::all_of(edges_[g].begin(), edges_[g].end(), [&](int32_t e) { return bool(done[at(e)]); });
        if (!done[g] && ready) next = g;
      }
      KCC_CHECK(next < groups_.size(), "a cycle between kernels");
      done[next] = true;
      order.push_back(static_cast<int32_t>(next));
    }
    return order;
  }

  void set_outputs(KernelGraph& result) const {
    std::set<ValueId> leaving = written_;
    for (const NamedValue& output : graph_.outputs) leaving.insert(base_of(output.value));
    for (const Copy& copy : copies_) leaving.insert(base_of(copy.value));
    for (ValueId v = 0; v < graph_.size(); ++v) {
      if (!is_root_[at(v)]) continue;
      for (ValueId root : cone_of(v).roots)
        if (group_of_[at(root)] != group_of_[at(v)]) leaving.insert(root);
    }
    for (Group& group : result.groups)
      for (ValueId root : group.roots)
        if (leaving.count(root)) group.outputs.push_back(root);
    for (Group& group : result.groups) {  // those of the weights before those of a bias
      const auto on_domain = [&](ValueId root) { return graph_[root].type.shape == group.domain; };
      if (group.family == Family::kConvWeightGrad)
        std::stable_partition(group.outputs.begin(), group.outputs.end(), on_domain);
    }
  }

  const Graph& graph_;
  const Calls calls_;
  const std::vector<bool> is_root_;
  std::vector<int32_t> group_of_;
  std::vector<Group> groups_;
  Edges edges_;
  std::vector<std::set<StateId>> reads_;
  std::map<StateId, int32_t> writer_;
  std::set<ValueId> written_;
  std::vector<Copy> copies_;
};

// An output or write that is a state itself, as it was before this entry, is read by a node of its own, so that the
// read is ordered before that state's write like every other.
Graph with_explicit_reads(Graph graph) {
  const auto read = [&](ValueId value) {
    ValueId base = value;
    while (graph[base].op == OpKind::kReshape) base = graph[base].inputs[0];
    if (graph[base].op != OpKind::kState) return value;
    return Builder{graph}.node(OpKind::kCast, {value}, {{"dtype", std::string(name_of(graph[value].type.dtype))}});
  };
  for (NamedValue& output : graph.outputs) output.value = read(output.value);
  for (StateWrite& write : graph.writes) write.value = read(write.value);
  return graph;
}

}  // namespace

KernelGraph fuse(const Graph& graph, Calls calls) {
  const Graph explicit_graph = with_explicit_reads(graph);
  return Fuser(explicit_graph, calls).run();
}

std::string explain_fusion(const KernelGraph& kernels, const Module& module) {
  std::string text;
  for (size_t i = 0; i < kernels.groups.size(); ++i) {
    const Group& group = kernels.groups[i];
    std::set<std::string> layers;
    for (ValueId root : group.roots) {
      const int32_t origin = kernels.graph[root].origin;
      if (origin >= 0) layers.insert(module.origins[at(origin)].layer);
    }
    text += fmt::format("{:3} {:16} {} roots, {} results: {}{}\n", i, name_of(group.family), group.roots.size(),
                        group.outputs.size(), fmt::join(layers, ", "),
                        group.ended.empty() ? "" : "; ended: " + group.ended);
  }
  return text;
}

}  // namespace kcc
