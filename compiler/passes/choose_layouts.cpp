#include "compiler/passes/choose_layouts.h"

#include <algorithm>
#include <map>

#include "compiler/ops/op.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/layout.h"

namespace kcc {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

// How an operation depends on layouts.
enum class Freedom {
  kFixed,       // operands and result as they are written
  kUniform,     // any layout, the same for operands and result
  kElastic,     // made in whichever layouts are wanted, each at no cost
  kReduction,   // operand in any layout
  kTransposed,  // a transpose
};

Freedom freedom_of(const Node& node) {
  switch (node.op) {
    case OpKind::kTranspose:
      return Freedom::kTransposed;
    case OpKind::kBroadcast:
    case OpKind::kIota:
      return Freedom::kElastic;
    case OpKind::kPad:
    case OpKind::kSlice:
    case OpKind::kConcat:
    case OpKind::kReverse:
    case OpKind::kRandomUniform:
      return Freedom::kUniform;
    default:
      break;
  }
  const OpCategory category = info(node.op).category;
  if (category == OpCategory::kElementwise) return Freedom::kUniform;
  return category == OpCategory::kReduction ? Freedom::kReduction : Freedom::kFixed;
}

// ---- which layout each value gets

class Chooser {
 public:
  explicit Chooser(const Graph& graph) : graph_(graph), users_(graph.nodes.size()), leaves_(graph.nodes.size(), false) {
    for (ValueId v = 0; v < graph.size(); ++v) {
      freedom_.push_back(freedom_of(graph[v]));
      for (ValueId input : graph[v].inputs) users_[at(input)].push_back(v);
    }
    for (const NamedValue& output : graph.outputs) leaves_[at(output.value)] = true;
    for (const StateWrite& write : graph.writes) leaves_[at(write.value)] = true;
  }

  std::vector<Layout> run() {
    for (ValueId v = 0; v < graph_.size(); ++v) layouts_.push_back(first_guess(v));
    for (int round = 0; round < kRounds && improve_all(); ++round) {
    }
    return std::move(layouts_);
  }

 private:
  static constexpr int kRounds = 8;

  bool may_choose(ValueId v) const {
    return freedom_[at(v)] == Freedom::kUniform || freedom_[at(v)] == Freedom::kTransposed;
  }

  // As if no transpose ever had to happen: layouts flow from operands to users.
  Layout first_guess(ValueId v) const {
    const Node& node = graph_[v];
    const Layout plain = identity_layout(node.type.rank());
    if (!may_choose(v)) return plain;
    if (freedom_[at(v)] == Freedom::kTransposed) {
      // What lies in memory already is best transposed where it is read; random numbers follow their users.
      const OpKind source = graph_[node.inputs[0]].op;
      if (source == OpKind::kInput || source == OpKind::kState || source == OpKind::kRandomUniform) return plain;
      return change(node.attrs.integers("perm"), layouts_[at(node.inputs[0])]);
    }
    if (node.op == OpKind::kRandomUniform) return plain;
    for (ValueId input : node.inputs)
      if (!is_identity(layouts_[at(input)])) return layouts_[at(input)];
    return plain;
  }

  bool improve_all() {
    bool changed = false;
    for (ValueId v = graph_.size() - 1; v >= 0; --v) changed |= improve(v);
    for (ValueId v = 0; v < graph_.size(); ++v) changed |= improve(v);
    return changed;
  }

  bool improve(ValueId v) {
    if (!may_choose(v)) return false;
    const Layout current = layouts_[at(v)];
    Layout best = current;
    double least = cost(v, current);
    for (const Layout& candidate : candidates(v)) {
      const double now = cost(v, candidate);
      if (now < least) least = now, best = candidate;
    }
    layouts_[at(v)] = best;
    return best != current;
  }

  // The layout in which user `u` would take operand `v`, were v free.
  Layout wanted_by(ValueId u, ValueId v) const {
    if (freedom_[at(u)] == Freedom::kTransposed) return after(graph_[u].attrs.integers("perm"), layouts_[at(u)]);
    if (freedom_[at(u)] == Freedom::kUniform && graph_[u].op != OpKind::kRandomUniform) return layouts_[at(u)];
    return identity_layout(graph_[v].type.rank());
  }

  // The layout that `v` would have if operand `input` decided.
  Layout offered_by(ValueId input, ValueId v) const {
    if (freedom_[at(v)] == Freedom::kTransposed) return change(graph_[v].attrs.integers("perm"), layouts_[at(input)]);
    return layouts_[at(input)];
  }

  bool counts(ValueId input, ValueId v) const {
    return freedom_[at(input)] != Freedom::kElastic && graph_[v].op != OpKind::kRandomUniform;
  }

  std::vector<Layout> candidates(ValueId v) const {
    std::vector<Layout> all{identity_layout(graph_[v].type.rank())};
    for (ValueId input : graph_[v].inputs)
      if (counts(input, v)) all.push_back(offered_by(input, v));
    for (ValueId user : users_[at(v)])
      if (freedom_[at(user)] != Freedom::kReduction) all.push_back(wanted_by(user, v));
    return all;
  }

  double distance(ValueId v, const Layout& a, const Layout& b) const {
    const Shape& shape = graph_[v].type.shape;
    if (a == b || moves_nothing(picked(shape, a), change(a, b))) return 0;
    return static_cast<double>(element_count(shape).size);
  }

  // Elements that are transposed around `v`.
  double cost(ValueId v, const Layout& layout) const {
    double elements = 0;
    for (ValueId input : graph_[v].inputs) {
      if (!counts(input, v)) continue;
      const bool turned = freedom_[at(v)] == Freedom::kTransposed;
      const Layout asked = turned ? after(graph_[v].attrs.integers("perm"), layout) : layout;
      elements += distance(input, layouts_[at(input)], asked);
    }
    for (ValueId user : users_[at(v)])
      if (freedom_[at(user)] != Freedom::kReduction) elements += distance(v, layout, wanted_by(user, v));
    if (leaves_[at(v)]) elements += distance(v, layout, identity_layout(graph_[v].type.rank()));
    return elements;
  }

  const Graph& graph_;
  std::vector<Freedom> freedom_;
  std::vector<std::vector<ValueId>> users_;
  std::vector<bool> leaves_;
  std::vector<Layout> layouts_;
};

// ---- the graph in these layouts

class Rewriter {
 public:
  Rewriter(const Graph& graph, std::vector<Layout> layouts)
      : graph_(graph), layouts_(std::move(layouts)), stored_(graph.nodes.size(), -1) {
    result_.name = graph.name;
    result_.inputs = graph.inputs;
  }

  Graph run() {
    for (ValueId v = 0; v < graph_.size(); ++v) stored_[at(v)] = store(v);
    for (const NamedValue& output : graph_.outputs) result_.outputs.push_back({output.name, plain(output.value)});
    for (const StateWrite& write : graph_.writes) result_.writes.push_back({write.state, plain(write.value)});
    return std::move(result_);
  }

 private:
  ValueId plain(ValueId v) { return in_layout(v, identity_layout(graph_[v].type.rank())); }

  // `v` of the old graph in the new one, lying as `layout` says.
  ValueId in_layout(ValueId v, const Layout& layout) {
    if (layouts_[at(v)] == layout) return stored_[at(v)];
    const auto [found, is_new] = others_.try_emplace({v, layout}, -1);
    if (!is_new) return found->second;
    const int32_t origin = b_.origin;
    b_.origin = graph_[v].origin;
    const ValueId value = freedom_of(graph_[v]) == Freedom::kElastic
                              ? elastic(graph_[v], layout)
                              : transpose(b_, stored_[at(v)], change(layouts_[at(v)], layout));
    b_.origin = origin;
    return others_[{v, layout}] = value;
  }

  ValueId store(ValueId v) {
    const Node& node = graph_[v];
    const Layout& layout = layouts_[at(v)];
    b_.origin = node.origin;
    switch (freedom_of(node)) {
      case Freedom::kTransposed:
        return in_layout(node.inputs[0], after(node.attrs.integers("perm"), layout));
      case Freedom::kUniform:
        return uniform(node, layout);
      case Freedom::kElastic:
        return elastic(node, layout);
      case Freedom::kReduction:
        return reduction(node);
      case Freedom::kFixed:
        break;
    }
    Node copy = node;
    for (ValueId& input : copy.inputs) input = plain(input);
    return result_.add(std::move(copy));
  }

  ValueId uniform(const Node& node, const Layout& layout) {
    Attrs attrs = node.attrs;
    for (const char* key : {"low", "high", "starts", "sizes", "strides"})
      if (attrs.has(key)) attrs.set(key, picked(attrs.integers(key), layout));
    if (attrs.has("axis")) attrs.set("axis", inverse(layout)[at(attrs.integer("axis"))]);
    if (attrs.has("shape")) attrs.set("shape", picked(attrs.shape("shape"), layout));
    std::vector<ValueId> operands;
    for (ValueId input : node.inputs)
      operands.push_back(node.op == OpKind::kRandomUniform ? plain(input) : in_layout(input, layout));
    return b_.node(node.op, operands, attrs);
  }

  ValueId elastic(const Node& node, const Layout& layout) {
    const Layout places = inverse(layout);
    Attrs attrs = node.attrs;
    attrs.set("shape", picked(attrs.shape("shape"), layout));
    if (node.op == OpKind::kIota) {
      attrs.set("axis", places[at(attrs.integer("axis"))]);
      return b_.node(node.op, {}, attrs);
    }
    // The operand's dimensions in the order in which they now come.
    const std::vector<int64_t> dims = picked(places, attrs.integers("dims"));
    Layout order = identity_layout(static_cast<int64_t>(dims.size()));
    std::sort(order.begin(), order.end(), [&](int64_t x, int64_t y) { return dims[at(x)] < dims[at(y)]; });
    attrs.set("dims", picked(dims, order));
    return b_.node(node.op, {in_layout(node.inputs[0], order)}, attrs);
  }

  ValueId reduction(const Node& node) {
    const ValueId input = node.inputs[0];
    const Layout& layout = layouts_[at(input)];
    const Layout places = inverse(layout);
    const bool position = node.op == OpKind::kArgMax;
    const std::vector<int64_t> axes =
        position ? std::vector<int64_t>{node.attrs.integer("axis")} : node.attrs.integers("axes");
    std::vector<int64_t> reduced = picked(places, axes), kept;
    std::sort(reduced.begin(), reduced.end());
    for (int64_t d : identity_layout(static_cast<int64_t>(layout.size())))
      if (std::find(axes.begin(), axes.end(), d) == axes.end()) kept.push_back(places[at(d)]);
    Attrs attrs = node.attrs;
    if (position)
      attrs.set("axis", reduced[0]);
    else
      attrs.set("axes", reduced);
    const ValueId result = b_.node(node.op, {stored_[at(input)]}, attrs);
    // Where the kept dimensions come in another order: each one's rank among them.
    Layout order;
    for (int64_t place : kept)
      order.push_back(std::count_if(kept.begin(), kept.end(), [&](int64_t other) { return other < place; }));
    return transpose(b_, result, order);
  }

  const Graph& graph_;
  const std::vector<Layout> layouts_;
  Graph result_;
  Builder b_{result_};
  std::vector<ValueId> stored_;                           // by old value, in its layout
  std::map<std::pair<ValueId, Layout>, ValueId> others_;  // the same in further layouts
};

}  // namespace

Graph choose_layouts(const Graph& graph) {
  const bool any = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                               [](const Node& node) { return node.op == OpKind::kTranspose; });
  return any ? Rewriter(graph, Chooser(graph).run()).run() : graph;
}

}  // namespace kcc
