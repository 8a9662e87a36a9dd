#include "codegen/kernels/collapse.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "codegen/lower.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Integers = std::vector<int64_t>;

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}
int64_t rank_of(const Shape& shape) {
  return static_cast<int64_t>(shape.size());
}

bool can_merge(const Dim& a, const Dim& b) {
  return !(a.batched && b.batched);
}
Dim product(const Dim& a, const Dim& b) {
  return {a.size * b.size, a.batched || b.batched};
}

Shape merge_dims(Shape shape, int64_t j) {
  shape[at(j)] = product(shape[at(j)], shape[at(j + 1)]);
  shape.erase(shape.begin() + j + 1);
  return shape;
}

Integers without(Integers list, int64_t j) {
  list.erase(list.begin() + j);
  return list;
}

// Positions after dimension `j + 1` has gone into dimension `j`.
Integers shifted_down(Integers positions, int64_t j) {
  for (int64_t& p : positions)
    if (p > j) --p;
  return positions;
}

// Rewrites a graph with one pair of dimensions merged.
class Merger {
 public:
  explicit Merger(const Graph& from) : from_(from) { result_.inputs = from.inputs, result_.name = from.name; }

  // `v` as it is, its operands collapsed where they already were asked for.
  ValueId keep(ValueId v) {
    if (auto found = kept_.find(v); found != kept_.end()) return found->second;
    if (auto forced = forced_.find(v); forced != forced_.end()) return kept_[v] = forced->second;
    Node node = from_[v];
    for (ValueId& input : node.inputs) input = keep(input);
    return kept_[v] = add(std::move(node));
  }

  // `v` with its dimensions j and j + 1 as one, or nothing if some operation tells them apart.
  std::optional<ValueId> merged(ValueId v, int64_t j) {
    if (auto found = merged_.find({v, j}); found != merged_.end()) return found->second;
    return merged_[{v, j}] = merge(v, j);
  }

  // From now on reduction `v` reads an operand whose reduced dimensions j and j + 1 are one.
  bool merge_reduced(ValueId v, int64_t j) {
    Node node = from_[v];
    const std::optional<ValueId> operand = merged(node.inputs[0], j);
    if (!operand) return false;
    node.inputs[0] = *operand;
    node.attrs.set("axes", shifted_down(without_value(node.attrs.integers("axes"), j + 1), j));
    forced_[v] = add(std::move(node));
    return true;
  }

  // What the outputs need, attempts that failed left out.
  Graph take(std::vector<NamedValue> outputs) {
    std::vector<bool> needed(result_.nodes.size(), false);
    for (const NamedValue& output : outputs) needed[at(output.value)] = true;
    for (size_t v = needed.size(); v-- > 0;)
      if (needed[v])
        for (ValueId input : result_.nodes[v].inputs) needed[at(input)] = true;
    Graph pruned{result_.name, result_.inputs, {}, {}, {}};
    std::vector<ValueId> renamed(needed.size(), -1);
    for (size_t v = 0; v < needed.size(); ++v) {
      if (!needed[v]) continue;
      Node node = result_.nodes[v];
      for (ValueId& input : node.inputs) input = renamed[at(input)];
      renamed[v] = pruned.add(std::move(node));
    }
    for (NamedValue& output : outputs) output.value = renamed[at(output.value)];
    pruned.outputs = std::move(outputs);
    return pruned;
  }

 private:
  static Integers without_value(Integers list, int64_t value) {
    list.erase(std::remove(list.begin(), list.end(), value), list.end());
    return list;
  }

  // Equal nodes are one node, so that what was shared stays shared.
  ValueId add(Node node) {
    for (ValueId i = 0; i < result_.size(); ++i) {
      const Node& other = result_[i];
      if (other.op == node.op && other.inputs == node.inputs && other.attrs == node.attrs && other.type == node.type)
        return i;
    }
    return result_.add(std::move(node));
  }

  bool merge_inputs(Node& node, int64_t j) {
    for (ValueId& input : node.inputs) {
      const std::optional<ValueId> operand = merged(input, j);
      if (!operand) return false;
      input = *operand;
    }
    return true;
  }

  std::optional<ValueId> merge(ValueId v, int64_t j) {
    Node node = from_[v];
    const Shape& shape = from_[v].type.shape;
    if (!can_merge(shape[at(j)], shape[at(j + 1)])) return std::nullopt;
    if (!merge_node(v, node, j)) return std::nullopt;
    node.type.shape = merge_dims(shape, j);
    return add(std::move(node));
  }

  // Changes the node's operands and attributes; false if it tells the dimensions apart.
  bool merge_node(ValueId v, Node& node, int64_t j) {
    if (node.op >= OpKind::kNeg && node.op <= OpKind::kSelect) return merge_inputs(node, j);
    switch (node.op) {
      case OpKind::kInput:
        return merge_input(node, j);
      case OpKind::kIota:
        return merge_iota(node, j);
      case OpKind::kRandomUniform:
        node.attrs.set("shape", merge_dims(node.type.shape, j));
        node.inputs[0] = keep(node.inputs[0]);
        return true;
      case OpKind::kBroadcast:
        return merge_broadcast(v, node, j);
      case OpKind::kReshape:
        return merge_reshape(node, j);
      case OpKind::kTranspose:
        return merge_transpose(node, j);
      case OpKind::kSlice:
        return merge_slice(node, j);
      case OpKind::kPad:
        return merge_pad(node, j);
      case OpKind::kConcat:
        return merge_concat(node, j);
      case OpKind::kReverse:
        return merge_reverse(node, j);
      case OpKind::kGather:
        return merge_gather(node, j);
      case OpKind::kReduceSum:
      case OpKind::kReduceMax:
      case OpKind::kReduceMin:
      case OpKind::kArgMax:
        return merge_reduction(node, j);
      default:
        return false;
    }
  }

  bool merge_input(Node& node, int64_t j) {
    const bool first = !node.attrs.has("original");
    Integers dims(first ? node.type.shape.size() : 0);
    if (first) {
      std::iota(dims.begin(), dims.end(), 0);
      node.attrs.set("original", node.type.shape);
    } else {
      dims = node.attrs.integers("dims");
    }
    node.attrs.set("dims", without(dims, j));
    return true;
  }

  bool merge_iota(Node& node, int64_t j) {
    const int64_t axis = node.attrs.integer("axis");
    if (axis == j || axis == j + 1) return false;
    node.attrs.set("axis", axis > j ? axis - 1 : axis);
    node.attrs.set("shape", merge_dims(node.type.shape, j));
    return true;
  }

  bool merge_broadcast(ValueId v, Node& node, int64_t j) {
    const Shape from = from_[node.inputs[0]].type.shape;
    const Shape& to = from_[v].type.shape;
    Integers dims = node.attrs.integers("dims");
    const auto position = [&](int64_t d) { return std::find(dims.begin(), dims.end(), d) - dims.begin(); };
    const int64_t a = position(j), b = position(j + 1), none = rank_of(from);
    const auto mapped = [&](int64_t p, int64_t d) {
      return p != none && from[at(p)] == to[at(d)] && !from[at(p)].is_one();
    };
    const bool has_a = mapped(a, j), has_b = mapped(b, j + 1);
    const Shape shape = merge_dims(to, j);
    if (has_a && has_b) {
      const std::optional<ValueId> operand = merged(node.inputs[0], a);
      if (!operand) return false;
      node.inputs[0] = *operand;
      dims = without(dims, b);
    } else if (has_a || has_b) {
      // One is real: the other must have extent 1 in the result too.
      if (!to[at(has_a ? j + 1 : j)].is_one()) return false;
      node.inputs[0] = keep(node.inputs[0]);
      if (a != none && b != none) return false;
      if (!has_a) dims[at(b)] = j;
    } else {
      node.inputs[0] = keep(node.inputs[0]);
      if (a != none && b != none) return false;
      if (b != none) dims[at(b)] = j;
    }
    node.attrs.set("dims", shifted_down(dims, j));
    node.attrs.set("shape", shape);
    return true;
  }

  bool merge_reshape(Node& node, int64_t j) {
    const Shape& from = from_[node.inputs[0]].type.shape;
    const Shape& to = node.type.shape;
    node.attrs.set("shape", merge_dims(to, j));
    const size_t left = at(j), right = at(j + 1);
    // Across two groups the operand's dimensions at the seam must merge as well.
    ValueId operand = keep(node.inputs[0]);
    for (const ReshapeGroup& group : reshape_groups(from, to)) {
      if (group.to.front() != right || to[left].is_one()) continue;
      const int64_t seam = static_cast<int64_t>(group.from.front());
      if (seam == 0 || from[at(seam - 1)].is_one()) return false;
      const std::optional<ValueId> joined = merged(node.inputs[0], seam - 1);
      if (!joined) return false;
      operand = *joined;
    }
    node.inputs[0] = operand;
    return true;
  }

  bool merge_transpose(Node& node, int64_t j) {
    const Integers perm = node.attrs.integers("perm");
    const int64_t p = perm[at(j)];
    if (perm[at(j + 1)] != p + 1) return false;
    const std::optional<ValueId> operand = merged(node.inputs[0], p);
    if (!operand) return false;
    node.inputs[0] = *operand;
    node.attrs.set("perm", shifted_down(without(perm, j + 1), p));
    return true;
  }

  bool merge_slice(Node& node, int64_t j) {
    Integers starts = node.attrs.integers("starts"), sizes = node.attrs.integers("sizes"),
             strides = node.attrs.integers("strides");
    const Dim inner = from_[node.inputs[0]].type.shape[at(j + 1)];
    if (starts[at(j + 1)] != 0 || sizes[at(j + 1)] != inner.size || strides[at(j + 1)] != 1) return false;
    if (strides[at(j)] != 1 || (inner.batched && starts[at(j)] != 0)) return false;
    if (!merge_inputs(node, j)) return false;
    starts[at(j)] *= inner.size;
    sizes[at(j)] *= inner.size;
    node.attrs.set("starts", without(starts, j + 1));
    node.attrs.set("sizes", without(sizes, j + 1));
    node.attrs.set("strides", without(strides, j + 1));
    return true;
  }

  bool merge_pad(Node& node, int64_t j) {
    Integers low = node.attrs.integers("low"), high = node.attrs.integers("high");
    const Dim inner = node.type.shape[at(j + 1)];
    if (low[at(j + 1)] != 0 || high[at(j + 1)] != 0) return false;
    if (inner.batched && (low[at(j)] != 0 || high[at(j)] != 0)) return false;
    if (!merge_inputs(node, j)) return false;
    low[at(j)] *= inner.size;
    high[at(j)] *= inner.size;
    node.attrs.set("low", without(low, j + 1));
    node.attrs.set("high", without(high, j + 1));
    return true;
  }

  bool merge_concat(Node& node, int64_t j) {
    const int64_t axis = node.attrs.integer("axis");
    if (axis == j + 1 || (axis == j && node.type.shape[at(j + 1)].batched)) return false;
    if (!merge_inputs(node, j)) return false;
    node.attrs.set("axis", axis > j ? axis - 1 : axis);
    return true;
  }

  bool merge_reverse(Node& node, int64_t j) {
    const int64_t axis = node.attrs.integer("axis");
    if (axis == j || axis == j + 1 || !merge_inputs(node, j)) return false;
    node.attrs.set("axis", axis > j ? axis - 1 : axis);
    return true;
  }

  // Both of the indices' dimensions, or both of a row's.
  bool merge_gather(Node& node, int64_t j) {
    const int64_t rank = from_[node.inputs[1]].type.rank();
    if (j == rank - 1) return false;
    const std::optional<ValueId> operand = j < rank ? merged(node.inputs[1], j) : merged(node.inputs[0], j - rank + 1);
    if (!operand) return false;
    node.inputs = j < rank ? std::vector<ValueId>{keep(node.inputs[0]), *operand}
                           : std::vector<ValueId>{*operand, keep(node.inputs[1])};
    return true;
  }

  // Kept dimensions j and j + 1 of a reduction's result: neighbours in the operand too.
  bool merge_reduction(Node& node, int64_t j) {
    const Integers axes = reduced_axes(node);
    Integers kept;
    for (int64_t d = 0; d < from_[node.inputs[0]].type.rank(); ++d)
      if (!std::binary_search(axes.begin(), axes.end(), d)) kept.push_back(d);
    const int64_t d = kept[at(j)];
    if (kept[at(j + 1)] != d + 1) return false;
    const std::optional<ValueId> operand = merged(node.inputs[0], d);
    if (!operand) return false;
    node.inputs[0] = *operand;
    if (node.op == OpKind::kArgMax)
      node.attrs.set("axis", axes[0] > d ? axes[0] - 1 : axes[0]);
    else
      node.attrs.set("axes", shifted_down(axes, d));
    return true;
  }

  const Graph& from_;
  Graph result_;
  std::map<ValueId, ValueId> kept_, forced_;
  std::map<std::pair<ValueId, int64_t>, std::optional<ValueId>> merged_;
};

// Whether two results share dimensions j and j + 1: one value a row, say, and the rows themselves.
bool share_dims(const Shape& a, const Shape& b, int64_t j) {
  const size_t common = std::min(a.size(), b.size());
  return at(j) + 1 < common && std::equal(a.begin(), a.begin() + static_cast<int64_t>(common), b.begin());
}

// Merges dimensions j and j + 1 of every output that has them in common with `shape`; the others stay.
bool merge_outputs(Collapsed& collapsed, const Shape& shape, int64_t j) {
  Merger merger(collapsed.body);
  std::vector<NamedValue> outputs = collapsed.body.outputs;
  std::vector<std::vector<int64_t>> dims = collapsed.output_dims;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!share_dims(collapsed.body[outputs[i].value].type.shape, shape, j)) {
      outputs[i].value = merger.keep(outputs[i].value);
      continue;
    }
    const std::optional<ValueId> value = merger.merged(outputs[i].value, j);
    if (!value) return false;
    outputs[i].value = *value;
    dims[i].erase(dims[i].begin() + j);
  }
  collapsed.body = merger.take(outputs);
  collapsed.output_dims = dims;
  return true;
}

// Merges two neighbouring reduced dimensions of every reduction over an operand of this shape.
bool merge_reductions(Collapsed& collapsed, const Node& like, int64_t j) {
  const Shape shape = collapsed.body[like.inputs[0]].type.shape;
  const Integers axes = reduced_axes(like);
  Merger merger(collapsed.body);
  for (ValueId v = 0; v < collapsed.body.size(); ++v) {
    const Node& node = collapsed.body[v];
    if (!is_reduction(node.op) || node.op == OpKind::kArgMax || !(collapsed.body[node.inputs[0]].type.shape == shape))
      continue;
    if (reduced_axes(node) == axes && !merger.merge_reduced(v, j)) return false;
  }
  std::vector<NamedValue> outputs = collapsed.body.outputs;
  for (NamedValue& output : outputs) output.value = merger.keep(output.value);
  collapsed.body = merger.take(outputs);
  return true;
}

// Whether some reduction over values of this shape takes one of the dimensions j and j + 1 and leaves the other: one of
// them may have the extent 1, and its merging nowhere else be seen.
bool parted_by_reduction(const Graph& body, const Shape& shape, int64_t j) {
  for (const Node& node : body.nodes) {
    if (!is_reduction(node.op) || body[node.inputs[0]].type.shape != shape) continue;
    const Integers axes = reduced_axes(node);
    const auto reduces = [&](int64_t d) { return std::find(axes.begin(), axes.end(), d) != axes.end(); };
    if (reduces(j) != reduces(j + 1)) return true;
  }
  return false;
}

bool merge_some_output(Collapsed& collapsed) {
  for (const NamedValue& output : collapsed.body.outputs) {
    const Shape shape = collapsed.body[output.value].type.shape;
    for (int64_t j = rank_of(shape) - 2; j >= 0; --j)
      if (!parted_by_reduction(collapsed.body, shape, j) && merge_outputs(collapsed, shape, j)) return true;
  }
  return false;
}

bool merge_some_reduction(Collapsed& collapsed) {
  for (ValueId v = 0; v < collapsed.body.size(); ++v) {
    const Node node = collapsed.body[v];
    if (!is_reduction(node.op)) continue;
    const Integers axes = reduced_axes(node);
    for (size_t i = 0; i + 1 < axes.size(); ++i)
      if (axes[i + 1] == axes[i] + 1 && merge_reductions(collapsed, node, axes[i])) return true;
  }
  return false;
}

}  // namespace

bool is_reduction(OpKind op) {
  return op == OpKind::kReduceSum || op == OpKind::kReduceMax || op == OpKind::kReduceMin || op == OpKind::kArgMax;
}

std::vector<int64_t> reduced_axes(const Node& node) {
  return node.op == OpKind::kArgMax ? Integers{node.attrs.integer("axis")} : node.attrs.integers("axes");
}

Collapsed keep_dimensions(const Graph& body) {
  Collapsed collapsed{body, {}, {}};
  for (const NamedValue& output : body.outputs) {
    const Shape& shape = body[output.value].type.shape;
    collapsed.output_shapes.push_back(shape);
    Integers dims(shape.size());
    std::iota(dims.begin(), dims.end(), 0);
    collapsed.output_dims.push_back(dims);
  }
  return collapsed;
}

Collapsed collapse(const Graph& body) {
  Collapsed collapsed = keep_dimensions(body);
  while (merge_some_output(collapsed) || merge_some_reduction(collapsed)) {
  }
  return collapsed;
}

}  // namespace kcc
