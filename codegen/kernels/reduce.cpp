#include "codegen/kernels/reduce.h"

#include <algorithm>
#include <limits>

#include "codegen/kernels/collapse.h"
#include "codegen/kernels/schedule.h"
#include "codegen/math.h"
#include "compiler/support/check.h"

namespace kcc {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::RVar;
using Halide::select;
using Halide::Var;

namespace {

// Rows added into one register before the sum is put aside, and elements of a chunk that one thread adds up.
constexpr int64_t kBlockRows = 32;
constexpr int64_t kChunkElements = 1 << 16;

Expr lowest(const Halide::Type& type) {
  return type.is_float() ? Expr(-std::numeric_limits<float>::infinity()) : type.min();
}
Expr highest(const Halide::Type& type) {
  return type.is_float() ? Expr(std::numeric_limits<float>::infinity()) : type.max();
}

Expr nan(const Expr& x) {
  return x.type().is_float() ? Halide::is_nan(x) : Halide::Internal::const_false();
}

// Whether (value a, position i) comes before (b, j) as a maximum: larger, or NaN, or as large and earlier.
Expr wins(const Expr& a, const Expr& i, const Expr& b, const Expr& j) {
  Expr larger = a > b || (nan(a) && !nan(b));
  Expr equal = a == b || (nan(a) && nan(b));
  return larger || (equal && i < j);
}

std::vector<Expr> as_exprs(const Vars& vars) {
  return std::vector<Expr>(vars.begin(), vars.end());
}

std::vector<Expr> prepend(const Expr& first, std::vector<Expr> rest) {
  rest.insert(rest.begin(), first);
  return rest;
}

}  // namespace

Reduction::Reduction(Lowering& lowering, const std::vector<ValueId>& nodes, const Vars& kept)
    : lowering_(lowering), nodes_(nodes), kept_(kept) {
  const Node& first = lowering.node(nodes.at(0));
  domain_ = lowering.node(first.inputs[0]).type.shape;
  axes_ = reduced_axes(first);
}

Reduction::Values Reduction::identity() const {
  Values values;
  for (ValueId id : nodes_) {
    const Node& node = lowering_.node(id);
    const Halide::Type type = halide_type(lowering_.node(node.inputs[0]).type.dtype);
    if (node.op == OpKind::kReduceSum)
      values.push_back(Halide::Internal::make_zero(type));
    else if (node.op == OpKind::kReduceMin)
      values.push_back(highest(type));
    else
      values.push_back(lowest(type));
    if (node.op == OpKind::kArgMax) values.push_back(std::numeric_limits<int32_t>::max());
  }
  return values;
}

Reduction::Values Reduction::combine(const Values& a, const Values& b) const {
  Values values;
  size_t i = 0;
  for (ValueId id : nodes_) {
    switch (lowering_.node(id).op) {
      case OpKind::kReduceSum:
        values.push_back(a[i] + b[i]);
        break;
      case OpKind::kReduceMax:
        values.push_back(math::max(a[i], b[i]));
        break;
      case OpKind::kReduceMin:
        values.push_back(math::min(a[i], b[i]));
        break;
      default: {
        const Expr second = wins(b[i], b[i + 1], a[i], a[i + 1]);
        values.push_back(select(second, b[i], a[i]));
        values.push_back(select(second, b[i + 1], a[i + 1]));
        ++i;
      }
    }
    ++i;
  }
  return values;
}

Reduction::Values Reduction::element(const Index& index) {
  Values values;
  for (ValueId id : nodes_) {
    const Node& node = lowering_.node(id);
    values.push_back(lowering_.at(node.inputs[0], index));
    if (node.op == OpKind::kArgMax) values.push_back(index[static_cast<size_t>(node.attrs.integer("axis"))]);
  }
  return values;
}

Reduction::Values Reduction::read(const Func& func, const std::vector<Expr>& args) const {
  const Halide::FuncRef ref = func(args);
  if (func.outputs() == 1) return {ref};
  Values values;
  for (int i = 0; i < func.outputs(); ++i) values.push_back(ref[i]);
  return values;
}

void Reduction::define(Func func, const std::vector<Expr>& args, const Values& values) const {
  if (values.size() == 1)
    func(args) = values[0];
  else
    func(args) = Halide::Tuple(values);
}

void Reduction::bind_total(const Func& total) {
  int slot = 0;
  for (ValueId id : nodes_) {
    const bool is_position = lowering_.node(id).op == OpKind::kArgMax;
    const int own = slot + (is_position ? 1 : 0);
    slot += is_position ? 2 : 1;
    lowering_.bind(id, [this_read = total, own](const Index& index) -> Expr {
      const Halide::FuncRef ref = this_read(reversed(index));
      return this_read.outputs() == 1 ? Expr(ref) : Expr(ref[own]);
    });
  }
}

Reduction Reduction::plain(Lowering& lowering, const std::vector<ValueId>& nodes, const Vars& kept) {
  Reduction self(lowering, nodes, kept);
  Func total("total");
  const std::vector<Expr> args = as_exprs(reversed(kept));
  self.define(total, args, self.identity());
  Halide::Region region;
  for (int64_t axis : reversed(self.axes_))
    region.push_back({0, lowering.extent(self.domain_[static_cast<size_t>(axis)])});
  RDom r(region, "r");
  Index index;
  size_t next_kept = 0, next_reduced = self.axes_.size();
  for (size_t d = 0; d < self.domain_.size(); ++d) {
    const bool reduced = std::binary_search(self.axes_.begin(), self.axes_.end(), static_cast<int64_t>(d));
    index.push_back(reduced ? Expr(r[static_cast<int>(--next_reduced)]) : Expr(kept[next_kept++]));
  }
  self.define(total, args, self.combine(self.read(total, args), self.element(index)));
  Step step;
  step.func = total;
  step.columns = 0;
  for (int d = 0; d < r.dimensions(); ++d) step.rows.push_back(r[d]);
  self.steps_.push_back(step);
  self.bind_total(total);
  return self;
}

Reduction::Reduction(Lowering& lowering, const std::vector<ValueId>& nodes, const Vars& kept,
                     const MachineTarget& target)
    : Reduction(lowering, nodes, kept) {
  lanes_ = target.lanes;
  const size_t last = domain_.size() - 1;
  const bool columns_kept = axes_.back() != static_cast<int64_t>(last);
  KCC_CHECK(!columns_kept || !domain_[last].batched, "a fixed innermost extent");

  // The reduced dimensions but an innermost one, as one run of rows.
  std::vector<size_t> outer;
  for (int64_t axis : axes_)
    if (columns_kept || axis != static_cast<int64_t>(last)) outer.push_back(static_cast<size_t>(axis));
  Expr outer_rows = 1;
  int64_t fixed_outer = 1;  // 0: known at run time only
  for (size_t axis : outer) {
    outer_rows = outer_rows * lowering.extent(domain_[axis]);
    fixed_outer = domain_[axis].batched ? 0 : fixed_outer * domain_[axis].size;
  }
  const auto index_of = [this, last, outer](Expr row, const Expr& innermost, const Vars& kept_vars) {
    Index index(domain_.size());
    size_t next = 0;
    for (size_t d = 0; d < domain_.size(); ++d)
      if (!std::binary_search(axes_.begin(), axes_.end(), static_cast<int64_t>(d))) index[d] = kept_vars[next++];
    index[last] = innermost;
    for (size_t k = outer.size(); k-- > 0;) {
      const Expr extent = lowering_.extent(domain_[outer[k]]);
      index[outer[k]] = k == 0 ? row : row % extent;
      if (k > 0) row = row / extent;
    }
    return index;
  };

  if (columns_kept) {
    const Var column = kept_.back();
    Vars prefix = kept_;
    const Func total =
        sum_rows(column, domain_[last].size, outer_rows, fixed_outer, [&](const Expr& c, const Expr& row) {
          Vars vars = prefix;
          return element(index_of(row, c, vars));
        });
    bind_total(total);
    return;
  }

  // The innermost dimension is reduced: its elements are dealt to lanes, which are added in a tree at the end.
  const Dim inner = domain_[last];
  int64_t width = lanes_ * 4;
  if (!inner.batched)
    while (width > inner.size && width > 1) width /= 2;
  const Expr extent = lowering.extent(inner);
  const Expr per_row = extent / narrow(width);
  const int64_t fixed_per_row = inner.batched ? 0 : inner.size / width;
  Var lane("lane");
  const bool single = outer.empty();
  Func lanes = sum_rows(lane, width, single ? per_row : outer_rows * per_row, fixed_outer * fixed_per_row,
                        [&](const Expr& l, const Expr& row) {
                          const Expr q = single ? row : row % per_row;
                          const Expr outer_row = single ? Expr(0) : row / per_row;
                          return element(index_of(outer_row, q * narrow(width) + l, kept_));
                        });
  const Expr rest = extent % narrow(width);
  if (inner.batched || inner.size % width != 0) {
    RDom t(0, rest, 0, outer_rows, "tail");
    const std::vector<Expr> args = prepend(t.x, as_exprs(reversed(kept_)));
    define(lanes, args, combine(read(lanes, args), element(index_of(t.y, per_row * narrow(width) + t.x, kept_))));
    steps_.back().tail = t.x;
    steps_.back().tail_extent = inner.batched ? -1 : inner.size % width;
  }
  add_tree(lanes, width);
}

Func Reduction::sum_rows(const Var& column, int64_t columns, const Expr& rows, int64_t fixed_rows,
                         const std::function<Values(Expr column, Expr row)>& element_of) {
  Vars prefix = kept_;
  if (!prefix.empty() && prefix.back().same_as(column)) prefix.pop_back();
  const std::vector<Expr> tail = as_exprs(reversed(prefix));
  const auto args = [&](std::initializer_list<Expr> more) {
    std::vector<Expr> all = prepend(column, tail);
    all.insert(all.end(), more);
    return all;
  };
  const auto step = [&](const Func& func, std::vector<RVar> reduced, int inside) {
    Step s;
    s.func = func;
    s.column = column;
    s.columns = columns;
    s.rows = std::move(reduced);
    s.inside = inside;
    steps_.push_back(s);
  };
  Func sum("sum");
  define(sum, args({}), identity());
  const bool few = fixed_rows > 0 && fixed_rows <= 2 * kBlockRows;
  if (few) {
    RDom r(0, narrow(fixed_rows), "r");
    define(sum, args({}), combine(read(sum, args({})), element_of(column, r)));
    step(sum, {r}, -1);
    return sum;
  }
  const int64_t chunk_rows = std::max<int64_t>(kBlockRows, kChunkElements / columns / kBlockRows * kBlockRows);
  const bool chunked = fixed_rows == 0 || fixed_rows > 2 * chunk_rows;
  Var b("b"), chunk_index("chunk");
  Func block("block");
  RDom r(0, narrow(kBlockRows), "r");
  r.where(b * narrow(kBlockRows) + r < rows);
  define(block, args({b}), identity());
  define(block, args({b}), combine(read(block, args({b})), element_of(column, b * narrow(kBlockRows) + r)));
  const Expr blocks = (rows + narrow(kBlockRows - 1)) / narrow(kBlockRows);
  if (!chunked) {
    RDom q(0, blocks, "q");
    define(sum, args({}), combine(read(sum, args({})), read(block, args({q}))));
    step(block, {r}, 1 + static_cast<int>(steps_.size()));
    step(sum, {q}, -1);
    return sum;
  }
  const int64_t chunk_blocks = chunk_rows / kBlockRows;
  Func chunk("chunk");
  RDom q(0, narrow(chunk_blocks), "q");
  q.where(chunk_index * narrow(chunk_blocks) + q < blocks);
  define(chunk, args({chunk_index}), identity());
  define(chunk, args({chunk_index}),
         combine(read(chunk, args({chunk_index})), read(block, args({chunk_index * narrow(chunk_blocks) + q}))));
  RDom c(0, (blocks + narrow(chunk_blocks - 1)) / narrow(chunk_blocks), "c");
  define(sum, args({}), combine(read(sum, args({})), read(chunk, args({c}))));
  step(block, {r}, 1 + static_cast<int>(steps_.size()));
  step(chunk, {q}, -1);
  steps_.back().chunk = chunk_index;
  steps_.back().has_chunk = true;
  step(sum, {c}, -1);
  return sum;
}

void Reduction::add_tree(Func lanes, int64_t width) {
  const std::vector<Expr> kept = as_exprs(reversed(kept_));
  while (width > 1) {
    width /= 2;
    Var lane("lane");
    Func half("half");
    const Values low = read(lanes, width == 1 ? prepend(0, kept) : prepend(lane, kept));
    const Values high = read(lanes, width == 1 ? prepend(1, kept) : prepend(lane + narrow(width), kept));
    define(half, width == 1 ? kept : prepend(lane, kept), combine(low, high));
    Step step;
    step.func = half;
    step.column = lane;
    step.columns = width == 1 ? 0 : width;
    steps_.push_back(step);
    lanes = half;
    if (width == 1) return bind_total(lanes);
  }
  // One lane only.
  Func total("total");
  define(total, kept, read(lanes, prepend(0, kept)));
  Step step;
  step.func = total;
  step.columns = 0;
  steps_.push_back(step);
  bind_total(total);
}

// Whole vectors of columns in registers, rows inside.
void Reduction::vectorize(Step& step) {
  if (step.columns == 0) return;
  const int vector = static_cast<int>(std::min<int64_t>(lanes_, step.columns));
  const bool divides = step.columns % vector == 0;
  const Halide::TailStrategy tail = divides ? Halide::TailStrategy::Auto : Halide::TailStrategy::GuardWithIf;
  step.func.bound(step.column, 0, narrow(step.columns)).vectorize(step.column, vector, tail);
  if (step.rows.empty()) return;
  int64_t tile = std::min<int64_t>(step.columns, 4 * lanes_);
  while (step.columns % tile != 0 && tile > vector) tile -= vector;
  Var outer("outer"), inner("inner");
  Halide::Stage update = step.func.update(0);
  update.split(step.column, outer, inner, static_cast<int>(tile), tail).reorder(inner, step.rows[0], outer);
  update.vectorize(inner, vector, tail);
  if (tile > vector && tile % vector == 0) update.unroll(inner);
  if (step.tail_extent == 0) return;
  if (step.tail_extent > 1) {
    const int tail_vector = static_cast<int>(std::min<int64_t>(lanes_, step.tail_extent));
    step.func.update(1).allow_race_conditions().vectorize(step.tail, tail_vector, Halide::TailStrategy::GuardWithIf);
  } else {
    step.func.update(1).unscheduled();
  }
}

void Reduction::compute_root() {
  for (size_t i = 0; i < steps_.size(); ++i) {
    Step& step = steps_[i];
    if (step.inside >= 0) {
      Step& around = steps_[static_cast<size_t>(step.inside)];
      step.func.compute_at(around.func, around.rows[0]).store_in(Halide::MemoryType::Stack);
    } else {
      step.func.compute_root();
    }
    vectorize(step);
    if (step.has_chunk) {
      step.func.parallel(step.chunk);
      step.func.update(0).parallel(step.chunk);
    } else if (kept_.size() > 1 || (kept_.size() == 1 && !kept_[0].same_as(step.column))) {
      if (step.inside >= 0 || step.rows.empty()) continue;
      step.func.parallel(kept_[0]);
      step.func.update(0).parallel(kept_[0]);
    }
  }
}

void Reduction::compute_at(const Halide::LoopLevel& level) {
  for (Step& step : steps_) {
    step.func.compute_at(level).store_in(Halide::MemoryType::Stack);
    vectorize(step);
  }
  for (Step& step : steps_) {
    if (step.inside < 0) continue;
    Step& around = steps_[static_cast<size_t>(step.inside)];
    step.func.compute_at(around.func, around.rows[0]);
  }
}

void Reduction::compute_side_by_side(const Halide::LoopLevel& level, int lanes) {
  Step& step = steps_.at(0);
  const Var row = kept_.back();
  std::vector<Halide::VarOrRVar> order{row};
  order.insert(order.end(), step.rows.begin(), step.rows.end());
  step.func.compute_at(level)
      .store_in(Halide::MemoryType::Stack)
      .bound_extent(row, lanes)
      .vectorize(row, lanes, Halide::TailStrategy::RoundUp);
  step.func.update().reorder(order).vectorize(row, lanes, Halide::TailStrategy::RoundUp);
}

std::vector<std::vector<ValueId>> reduction_stages(const Graph& body) {
  std::vector<std::vector<ValueId>> stages;
  std::vector<int64_t> after(body.nodes.size(), 0);  // stages that must be finished before a value is known
  struct Key {
    int64_t level;
    Shape domain;
    std::vector<int64_t> axes;
    bool operator==(const Key&) const = default;
  };
  std::vector<Key> keys;
  for (ValueId v = 0; v < body.size(); ++v) {
    const Node& node = body[v];
    int64_t& level = after[static_cast<size_t>(v)];
    for (ValueId input : node.inputs) level = std::max(level, after[static_cast<size_t>(input)]);
    if (!is_reduction(node.op)) continue;
    Key key{level, body[node.inputs[0]].type.shape, reduced_axes(node)};
    ++level;
    const size_t found = static_cast<size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
    if (found == keys.size()) keys.push_back(key), stages.emplace_back();
    stages[found].push_back(v);
  }
  // By level, so that each stage finds what it needs.
  std::vector<size_t> order(keys.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return keys[a].level < keys[b].level; });
  std::vector<std::vector<ValueId>> sorted;
  for (size_t i : order) sorted.push_back(stages[i]);
  return sorted;
}

}  // namespace kcc
