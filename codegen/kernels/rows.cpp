// Rows: reductions over trailing dimensions with element-wise work before, between and after, a row at a time: softmax
// and its losses, layer normalization, accuracies. What several steps need and is dear to compute is kept in a row on
// the stack; everything of a row happens while it is in the first cache. Rows shorter than two vectors are worked on
// side by side, a row a lane: operands are turned on the way in and results on the way out, all between is vertical.
// Where few rows would leave most lanes empty, as one sample's softmax, they come one at a time, with the same bits.
#include <algorithm>
#include <map>
#include <set>

#include "codegen/kernels/collapse.h"
#include "codegen/kernels/family.h"
#include "codegen/kernels/reduce.h"
#include "codegen/kernels/schedule.h"
#include "compiler/ops/op.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;

// Elements that one task of a parallel loop works on at least.
constexpr int64_t kTaskElements = 4096;
// A kept row on the stack has at most this many elements.
constexpr int64_t kStackElements = 8192;
// So few short rows do not pay for turning them.
constexpr int kFewRows = 4;
// So few columns are taken apart and interleaved in registers.
constexpr int64_t kFewColumns = 4;

class Rows {
 public:
  Rows(const Kernel& kernel, const MachineTarget& target)
      : target_(target),
        collapsed_(collapse(kernel.body)),
        lowering_(collapsed_.body),
        stages_(reduction_stages(collapsed_.body)) {
    KCC_CHECK(!stages_.empty(), "a reduction");
    const Node& first = node(stages_[0][0]);
    domain_ = node(first.inputs[0]).type.shape;
    kept_shape_ = first.type.shape;
    all_vars_ = make_vars(domain_, "x");
    kept_vars_ = Vars(all_vars_.begin(), all_vars_.begin() + static_cast<int64_t>(kept_shape_.size()));
  }

  BuiltKernel build(bool plain) {
    if (!plain) find_sinks();
    narrow_ = !plain && is_narrow();
    if (narrow_ && has_one_result() && !has_whole_lanes()) compute_few();
    if (narrow_) turn_operands();
    compute(many_, plain);
    define_results();
    schedule(plain);
    BuiltKernel built;
    std::vector<Func> outputs;
    for (const Result& result : results_) outputs.push_back(result.func);
    built.pipeline = Halide::Pipeline(outputs);
    built.arguments = lowering_.arguments();
    built.schedule = plain ? "plain loops"
                           : (narrow_ ? "a row a lane, " : "a row at a time, ") + std::to_string(stages_.size()) +
                                 " passes, " + std::to_string(many_.rows.size()) + " rows kept";
    if (!few_values_.empty()) built.schedule += ", few rows one at a time";
    built.strict_float = true;
    return built;
  }

 private:
  struct KeptRow {
    Func func;
    bool is_row = false;  // else one value a row
  };

  // What one way to compute the results goes through.
  struct Chain {
    std::vector<Reduction> reductions;
    std::vector<KeptRow> rows;
  };

  const Node& node(ValueId v) const { return collapsed_.body[v]; }
  bool is_row(ValueId v) const { return node(v).type.shape == domain_; }

  // One row index and a short row.
  bool is_narrow() const {
    if (kept_vars_.size() != 1 || domain_.size() != 2 || !domain_[0].batched) return false;
    // Operands are turned whole, so each must be a row or one value a row: no part of a longer row.
    for (const Node& n : collapsed_.body.nodes) {
      const bool batched = n.op == OpKind::kInput && element_count(n.type.shape).batched;
      if (batched && n.type.shape != domain_ && n.type.shape != kept_shape_) return false;
    }
    return domain_[1].size <= 2 * target_.lanes;
  }

  // Every batch fills its last vector of rows, as all pixels' channels do.
  bool has_whole_lanes() const { return domain_[0].size % target_.lanes == 0; }
  bool is_interleaved() const { return has_whole_lanes() && domain_[1].size <= kFewColumns; }

  // Whole rows alone, as of a softmax: results that are computed together have only one schedule.
  bool has_one_result() const {
    const auto& outputs = collapsed_.body.outputs;
    return std::all_of(outputs.begin(), outputs.end(), [&](const NamedValue& output) {
      return is_row(output.value) &&
             collapsed_.output_shapes[static_cast<size_t>(&output - outputs.data())] == collapsed_.output_shapes[0];
    });
  }

  // Operands are read through copies in which a lane is a row; rows past the end repeat the last one.
  void turn_operands() {
    const Halide::Expr last = lowering_.extent(kept_shape_[0]) - 1;
    for (ValueId v = 0; v < collapsed_.body.size(); ++v) {
      if (node(v).op != OpKind::kInput || node(v).type.shape.empty() || !node(v).type.shape[0].batched) continue;
      const Vars vars(all_vars_.begin(), all_vars_.begin() + node(v).type.rank());
      Index index = as_index(vars);
      if (!has_whole_lanes()) index[0] = Halide::min(index[0], last);
      Func turned("turned");
      turned(reversed(vars)) = lowering_.at(v, index);
      turned_.push_back(turned);
      lowering_.bind(v, [turned](const Index& i) { return turned(reversed(i)); });
    }
  }

  // For every value the passes that read it: number of the stage, or of all stages for the results.
  void find_sinks() {
    const Graph& body = collapsed_.body;
    sinks_.resize(body.nodes.size());
    stage_of_.assign(body.nodes.size(), -1);
    for (size_t s = 0; s < stages_.size(); ++s)
      for (ValueId v : stages_[s]) stage_of_[static_cast<size_t>(v)] = static_cast<int64_t>(s);
    for (const NamedValue& output : body.outputs)
      sinks_[static_cast<size_t>(output.value)].insert(static_cast<int64_t>(stages_.size()));
    for (size_t v = body.nodes.size(); v-- > 0;) {
      const std::set<int64_t> own = stage_of_[v] >= 0 ? std::set<int64_t>{stage_of_[v]} : sinks_[v];
      // A value kept in a row is computed for its first reader.
      const bool kept = wants_row(static_cast<ValueId>(v));
      for (ValueId input : body.nodes[v].inputs) {
        auto& readers = sinks_[static_cast<size_t>(input)];
        if (kept)
          readers.insert(*own.begin());
        else
          readers.insert(own.begin(), own.end());
      }
    }
  }

  // Dear to compute, and read by more than one pass; or one value a row that a whole row reads.
  bool wants_row(ValueId v) const {
    const Node& n = node(v);
    const OpInfo& op = info(n.op);
    const bool dear = op.category == OpCategory::kElementwise &&
                      (!op.cheap || n.op == OpKind::kDiv || n.op == OpKind::kRsqrt || n.op == OpKind::kSqrt);
    if (!dear) return op.category == OpCategory::kRandom && sinks_[static_cast<size_t>(v)].size() > 1;
    if (n.type.shape == kept_shape_) return true;
    return n.op != OpKind::kDiv && is_row(v) && sinks_[static_cast<size_t>(v)].size() > 1;
  }

  // Binds the reductions, pass after pass.
  void compute(Chain& chain, bool plain) {
    std::set<ValueId> done;
    for (size_t s = 0; s < stages_.size(); ++s) {
      if (!plain) keep_rows(chain, static_cast<int64_t>(s), done);
      chain.reductions.push_back(plain || narrow_ ? Reduction::plain(lowering_, stages_[s], kept_vars_)
                                                  : Reduction(lowering_, stages_[s], kept_vars_, target_));
    }
    if (!plain) keep_rows(chain, static_cast<int64_t>(stages_.size()), done);
  }

  // The values for few rows, from the operands as they lie.
  void compute_few() {
    compute(few_, false);
    for (const NamedValue& output : collapsed_.body.outputs)
      few_values_.push_back(lowering_.at(output.value, as_index(all_vars_)));
    lowering_.unbind();
  }

  // The rows that pass `stage` is the first to read.
  void keep_rows(Chain& chain, int64_t stage, std::set<ValueId>& done) {
    for (ValueId v = 0; v < collapsed_.body.size(); ++v) {
      const auto& readers = sinks_[static_cast<size_t>(v)];
      if (readers.empty() || *readers.begin() != stage || done.count(v) || !wants_row(v)) continue;
      done.insert(v);
      const bool row = is_row(v);
      const Vars& vars = row ? all_vars_ : kept_vars_;
      Func func("row");
      func(reversed(vars)) = lowering_.at(v, as_index(vars));
      chain.rows.push_back({func, row});
      lowering_.bind(v, [func](const Index& index) { return func(reversed(index)); });
    }
  }

  // Neighbouring results of one shape are one Func.
  void define_results() {
    const Graph& body = collapsed_.body;
    for (size_t i = 0; i < body.outputs.size();) {
      const Shape shape = body[body.outputs[i].value].type.shape;
      const bool row = shape == domain_;
      KCC_CHECK(row || shape == kept_shape_, "results with or without the reduced dimensions");
      const Vars& vars = row ? all_vars_ : kept_vars_;
      std::vector<Halide::Expr> values;
      const size_t first = i;
      for (; i < body.outputs.size() && body[body.outputs[i].value].type.shape == shape &&
             collapsed_.output_shapes[i] == collapsed_.output_shapes[first];
           ++i)
        values.push_back(lowering_.at(body.outputs[i].value, as_index(vars)));
      if (narrow_ && row) values = turn_results(values);
      for (size_t v = 0; v < few_values_.size(); ++v) values[v] = Halide::select(few(), few_values_[v], values[v]);
      results_.push_back(define_result(Func(numbered("result", results_.size())), values, vars, shape,
                                       collapsed_.output_shapes[first], collapsed_.output_dims[first], lowering_));
    }
  }

  // Computed a row a lane, then stored along the row.
  std::vector<Halide::Expr> turn_results(const std::vector<Halide::Expr>& values) {
    Func turned("turned_back");
    const std::vector<Var> args = reversed(all_vars_);
    if (values.size() == 1)
      turned(args) = values[0];
    else
      turned(args) = Halide::Tuple(values);
    computed_.push_back(turned);
    const Halide::FuncRef ref = turned(std::vector<Halide::Expr>(args.begin(), args.end()));
    if (values.size() == 1) return {ref};
    std::vector<Halide::Expr> parts;
    for (size_t i = 0; i < values.size(); ++i) parts.push_back(ref[static_cast<int>(i)]);
    return parts;
  }

  Halide::Expr few() const { return lowering_.extent(kept_shape_[0]) <= kFewRows; }

  // A loop over rows, with vectors along them; reductions go from column to column as they do in lanes.
  void schedule_few() {
    Func& f = results_[0].func;
    vectorize_row(f.specialize(few()));
    const Halide::LoopLevel level(f, kept_vars_[0]);
    for (Reduction& reduction : few_.reductions) reduction.compute_at(level);
    compute_rows_at(few_, level);
  }

  void schedule_narrow() {
    if (!few_values_.empty()) schedule_few();
    const Var row = kept_vars_[0], column = all_vars_[1];
    Var task("task"), block("block"), lane("lane");
    const int lanes = target_.lanes;
    const int64_t blocks_a_task = std::max<int64_t>(1, kTaskElements / (domain_[1].size * lanes));
    for (Result& result : results_) {
      Func& f = result.func;
      f.split(row, block, lane, lanes, has_whole_lanes() ? TailStrategy::RoundUp : TailStrategy::GuardWithIf);
      f.split(block, task, block, static_cast<int>(blocks_a_task), TailStrategy::GuardWithIf);
      if (result.vars.size() == 2) f.reorder(column, lane, block, task);
      if (result.vars.size() == 2 && is_interleaved()) f.unroll(column);
      if (result.vars.size() == 1 || is_interleaved()) f.vectorize(lane);
      // The body is too large to be there twice, for whole and last blocks.
      f.parallel(task).never_partition_all();
      if (&result != &results_[0]) f.compute_with(results_[0].func, block);
    }
    const Halide::LoopLevel level(results_[0].func, block);
    const auto lanes_of = [&](Func& f, bool is_row) {
      f.compute_at(level)
          .store_in(Halide::MemoryType::Stack)
          .bound_extent(row, lanes)
          .vectorize(row, lanes, TailStrategy::RoundUp);
      if (is_row) f.reorder_storage(row, column).bound(column, 0, static_cast<int32_t>(domain_[1].size));
    };
    for (Func& f : turned_) {
      f.compute_at(level).store_in(Halide::MemoryType::Stack).bound_extent(row, lanes);
      if (f.dimensions() == 2) f.reorder_storage(row, column).bound(column, 0, static_cast<int32_t>(domain_[1].size));
      if (f.dimensions() == 2 && is_interleaved()) f.unroll(column);
      if (is_interleaved()) f.vectorize(row);
    }
    for (Reduction& reduction : many_.reductions) reduction.compute_side_by_side(level, lanes);
    for (KeptRow& kept : many_.rows) lanes_of(kept.func, kept.is_row);
    for (Func& f : computed_) lanes_of(f, true);
  }

  void schedule(bool plain) {
    if (narrow_) return schedule_narrow();
    if (plain || kept_vars_.empty()) {
      for (Reduction& reduction : many_.reductions) reduction.compute_root();
      for (KeptRow& row : many_.rows) row.func.compute_root();
      return;
    }
    // Loops over rows: parallel over blocks of rows where there is one row index, else over the outermost.
    const Var row = kept_vars_.back();
    Var block("block"), inside("inside");
    const int rows_a_task =
        static_cast<int>(std::max<int64_t>(1, kTaskElements / std::max<int64_t>(1, row_elements())));
    for (Result& result : results_) {
      Func& f = result.func;
      if (result.vars.size() == all_vars_.size()) vectorize_row(f);
      f.split(row, block, inside, rows_a_task, TailStrategy::GuardWithIf);
      std::vector<Halide::VarOrRVar> order;
      for (size_t d = result.vars.size(); d-- > kept_vars_.size();) order.push_back(result.vars[d]);
      order.push_back(inside);
      order.push_back(block);
      for (size_t d = kept_vars_.size() - 1; d-- > 0;) order.push_back(kept_vars_[d]);
      f.reorder(order);
      if (kept_vars_.size() == 1)
        f.parallel(block);
      else
        f.parallel(kept_vars_[0]);
      if (&result != &results_[0]) f.compute_with(results_[0].func, inside);
    }
    const Halide::LoopLevel level(results_[0].func, inside);
    for (Reduction& reduction : many_.reductions) reduction.compute_at(level);
    compute_rows_at(many_, level);
  }

  int64_t row_elements() const {
    return element_count(Shape(domain_.begin() + static_cast<int64_t>(kept_shape_.size()), domain_.end())).size;
  }

  void compute_rows_at(Chain& chain, const Halide::LoopLevel& level) {
    const Dim& inner = domain_.back();
    for (KeptRow& kept : chain.rows) {
      kept.func.compute_at(level);
      if (!kept.is_row || row_elements() <= kStackElements) kept.func.store_in(Halide::MemoryType::Stack);
      if (!kept.is_row) continue;
      if (!inner.batched) kept.func.bound(all_vars_.back(), 0, static_cast<int32_t>(inner.size));
      vectorize_row(kept.func);
    }
  }

  void vectorize_row(Halide::Stage stage) {
    const Dim& inner = domain_.back();
    const int vector = static_cast<int>(std::min<int64_t>(inner.size, target_.lanes));
    stage.vectorize(all_vars_.back(), vector,
                    inner.size % vector == 0 ? TailStrategy::Auto : TailStrategy::ShiftInwards);
  }

  const MachineTarget& target_;
  const Collapsed collapsed_;
  Lowering lowering_;
  const std::vector<std::vector<ValueId>> stages_;
  Shape domain_, kept_shape_;
  Vars all_vars_, kept_vars_;
  std::vector<std::set<int64_t>> sinks_;
  std::vector<int64_t> stage_of_;
  Chain many_, few_;
  std::vector<Halide::Expr> few_values_;  // where few rows are computed in another way
  std::vector<Result> results_;
  bool narrow_ = false;
  std::vector<Func> turned_, computed_;  // operands and results of narrow rows
};

}  // namespace

BuiltKernel build_rows(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  return Rows(kernel, target).build(options.level == 0);
}

}  // namespace kcc
