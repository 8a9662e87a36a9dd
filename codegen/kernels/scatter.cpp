// Scatter: rows added up by index, out[v] = epilogue(sum of rows[i] where index[i] = v, for i in order). The indices
// are sorted first, by counting, so that each row of the table finds what belongs to it: the sum stays in registers or
// the first cache, most often is empty, and goes straight into what is computed of it, an optimizer's update of a table
// of which a batch uses few rows. Where such an update leaves the other rows as they are (the attribute `used_rows`,
// passes/used_rows.h), they are not touched. Tasks share the rows of the table; each element's sum has one order.
#include <algorithm>

#include "codegen/kernels/family.h"
#include "codegen/kernels/schedule.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

// Elements of a task: 64 KB of each operand.
constexpr int64_t kTaskElements = 1 << 14;

// Index of element `flat` of `shape`, row-major, where only the first dimension may grow with the batch.
Index unflattened(Expr flat, const Shape& shape, const Lowering& lowering) {
  Index index(shape.size(), Expr(0));
  for (size_t d = shape.size(); d-- > 0;) {
    index[d] = d == 0 ? flat : flat % lowering.extent(shape[d]);
    flat = flat / lowering.extent(shape[d]);
  }
  return index;
}

class Scatter {
 public:
  Scatter(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
      : kernel_(kernel), node_(kernel.body[kernel.anchor]), target_(target), options_(options), lowering_(kernel.body) {
    KCC_CHECK(node_.op == OpKind::kScatterAdd, "a scatter");
    shape_ = node_.type.shape;
    table_ = static_cast<int32_t>(shape_[0].size);
    count_ = lowering_.extent(element_count(indices()));
    vars_ = make_vars(shape_);
  }

  BuiltKernel build() {
    sort();
    add_up();
    lowering_.bind(kernel_.anchor, [this](const Index& index) { return sum_(reversed(index)); });
    Func result = node_.attrs.has("used_rows") ? used_rows() : all_rows();
    sorted_.compute_root();
    BuiltKernel built;
    if (options_.level == 0) {
      sum_.compute_root();
      built.schedule = "plain loops";
    } else {
      built.schedule = used_.defined() ? schedule(result, result.update(), Halide::VarOrRVar(used_.x))
                                       : schedule(result, Func(result), Halide::VarOrRVar(vars_[0]));
    }
    built.pipeline = Halide::Pipeline(result);
    built.arguments = lowering_.arguments();
    built.strict_float = true;
    return built;
  }

 private:
  const Shape& indices() const { return kernel_.body[node_.inputs[0]].type.shape; }

  // Row of the table that entry `i` goes to; those outside go to the first or last.
  Expr row_of(const Expr& i) {
    return Halide::clamp(lowering_.at(node_.inputs[0], unflattened(i, indices(), lowering_)), 0, table_ - 1);
  }

  // sorted(v + 1) is where row v's entries start, sorted(v + 2) where they end, sorted(entries() + k) the k-th entry.
  // Counts of rows, in their order added up, are the ends; entries from the last on then move theirs down to the
  // starts.
  void sort() {
    Var i("i");
    sorted_(i) = 0;
    RDom entry(0, count_, "entry");
    sorted_(row_of(entry) + 1) += 1;
    RDom row(1, table_ + 1, "row");
    sorted_(row) += sorted_(row - 1);
    RDom move(0, 2, 0, count_, "move");  // the row's start, then the entry there
    const Expr last = count_ - 1 - move.y, start = row_of(last) + 1;
    const Expr place = entries() + Halide::clamp(sorted_(start), 0, count_ - 1);
    sorted_(Halide::select(move.x == 0, start, place)) = Halide::select(move.x == 0, sorted_(start) - 1, last);
    sorted_.update(0).unscheduled();
    sorted_.update(1).unscheduled();
    sorted_.update(2).unroll(move.x);
  }
  int32_t entries() const { return table_ + 2; }

  void add_up() {
    const Expr v = vars_[0], start = sorted_(v + 1);
    sum_(reversed(as_index(vars_))) = 0.0f;
    k_ = RDom(0, count_, "k");
    k_.where(k_ < sorted_(v + 2) - start);
    const Expr entry = Halide::clamp(sorted_(entries() + Halide::clamp(start + k_, 0, count_ - 1)), 0, count_ - 1);
    Index right = unflattened(entry, indices(), lowering_);
    for (size_t d = 1; d < vars_.size(); ++d) right.push_back(vars_[d]);
    KCC_CHECK(right.size() == kernel_.body[node_.inputs[1]].type.shape.size(), "rows");
    sum_(reversed(as_index(vars_))) += lowering_.at(node_.inputs[1], right);
  }

  Func all_rows() {
    return define_result(Func("result"), lowering_.outputs_at(as_index(vars_)), vars_, shape_, lowering_).func;
  }

  // Each result is an operand in place.
  Func used_rows() {
    const std::vector<Expr> nothing(kernel_.body.outputs.size(), Halide::undef<float>());
    Func result = define_result(Func("result"), nothing, vars_, shape_, lowering_).func;
    used_ = RDom(0, table_, "used");
    used_.where(sorted_(used_ + 2) > sorted_(used_ + 1));
    Index index = as_index(vars_);
    index[0] = used_.x;
    const std::vector<Expr> values = lowering_.outputs_at(index);
    if (values.size() == 1)
      result(reversed(index)) = values[0];
    else
      result(reversed(index)) = Halide::Tuple(values);
    return result;
  }

  // `first` runs over the table's rows.
  std::string schedule(const Func& result, Halide::Stage out, const Halide::VarOrRVar& first) {
    const int64_t inside = element_count(shape_).size / shape_[0].size;
    const int rows = static_cast<int>(std::clamp<int64_t>(kTaskElements / std::max<int64_t>(1, inside), 1, table_));
    const Halide::VarOrRVar task("task", first.is_rvar), row("row", first.is_rvar);
    out.split(first, task, row, rows, TailStrategy::GuardWithIf);
    if (shape_[0].size * inside > 2 * kTaskElements) out.parallel(task);
    if (shape_.size() == 1) {
      sum_.compute_at(Halide::LoopLevel(result, row));
      return "rows by counting";
    }
    const Var& column = vars_.back();
    std::vector<Halide::VarOrRVar> order(vars_.rbegin(), vars_.rend() - 1);
    order.push_back(row);
    order.push_back(task);
    out.reorder(order);
    const VectorTile tile = choose_vectors(shape_.back().size, target_.lanes, target_.registers == 32 ? 8 : 4, true);
    Var lane("lane"), inner("inner");
    if (shape_.back().size % tile.width() == 0) {
      // the tile's sums in registers
      out.split(column, column, inner, tile.width())
          .split(inner, inner, lane, tile.lanes)
          .vectorize(lane)
          .unroll(inner);
      sum_.compute_at(Halide::LoopLevel(result, column)).store_in(MemoryType::Stack);
      sum_.split(column, column, lane, tile.lanes).vectorize(lane).unroll(column);
      sum_.update().split(column, inner, lane, tile.lanes).reorder(lane, inner, k_).vectorize(lane).unroll(inner);
    } else {
      out.vectorize(column, tile.lanes, TailStrategy::GuardWithIf);
      sum_.compute_at(Halide::LoopLevel(result, row)).vectorize(column, tile.lanes, TailStrategy::GuardWithIf);
      sum_.update().reorder(column, k_).vectorize(column, tile.lanes, TailStrategy::GuardWithIf);
    }
    return "rows by counting, " + std::to_string(tile.vectors) + " vectors of " + std::to_string(tile.lanes);
  }

  const Kernel& kernel_;
  const Node& node_;
  const MachineTarget& target_;
  const ScheduleOptions& options_;
  Lowering lowering_;
  Shape shape_;
  int32_t table_ = 0;  // rows
  Expr count_;         // entries
  Vars vars_;
  RDom k_, used_;
  Func sorted_{"sorted"}, sum_{"sum"};
};

}  // namespace

BuiltKernel build_scatter(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  return Scatter(kernel, target, options).build();
}

}  // namespace kcc
