// Pointwise: element-wise work and movement, all results of one shape in one pass. Most bodies collapse to one flat
// dimension. Where a concatenation (or a padding of the innermost dimension) sits above the rest, the results are
// written piece by piece, so that no element asks which part it comes from.
#include <algorithm>
#include <optional>

#include "codegen/kernels/beside_concat.h"
#include "codegen/kernels/collapse.h"
#include "codegen/kernels/cut.h"
#include "codegen/kernels/schedule.h"
#include "codegen/kernels/turn.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

// Elements of a task in a parallel loop: 64 KB of each operand.
constexpr int kTaskElements = 1 << 14;
// Random elements come in blocks of 64: numbers as four vectors of sixteen, masks as eight of eight
// (compiler/ops/random.h).
constexpr int kRandomBlock = 64, kNumberLanes = 16, kMaskLanes = 8;

bool has_mask(const Graph& body) {
  return std::any_of(body.nodes.begin(), body.nodes.end(),
                     [](const Node& node) { return node.op == OpKind::kRandomUniform && node.attrs.has("below"); });
}

// Whether the operands are read along `x` one element after another or not at all.
bool reads_are_dense(const Lowering& lowering, const Expr& x, const std::string& name) {
  const auto& reads = lowering.reads();
  return std::all_of(reads.begin(), reads.end(), [&](const Read& read) { return is_dense_along(read, x, name); });
}

// Whether the batch can be read off an operand. If not, it is read off the results, in their own dimensions.
bool has_batched_operand(const Graph& body) {
  return std::any_of(body.inputs.begin(), body.inputs.end(),
                     [](const NamedType& input) { return element_count(input.type.shape).batched; });
}

Collapsed without_batched_operand(const Graph& body) {
  const bool batched = std::any_of(body.outputs.begin(), body.outputs.end(), [&](const NamedValue& output) {
    return element_count(body[output.value].type.shape).batched;
  });
  return batched ? keep_dimensions(body) : collapse(body);
}

class Pointwise {
 public:
  Pointwise(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
      : target_(target),
        plain_(options.level == 0),
        collapsed_(has_batched_operand(kernel.body) ? collapse(kernel.body) : without_batched_operand(kernel.body)),
        exact_(may_overwrite_operands(kernel.body)),
        lowering_(collapsed_.body) {
    KCC_CHECK(!collapsed_.body.outputs.empty(), "a result");
    shape_ = collapsed_.body[collapsed_.body.outputs[0].value].type.shape;
    memory_ = collapsed_.output_shapes[0];
    for (const Shape& shape : collapsed_.output_shapes) KCC_CHECK(shape == memory_, "results of one shape");
    vars_ = make_vars(shape_, "x");
  }

  BuiltKernel build() {
    bind_result_batch();
    const Cut cut = find_cut(collapsed_.body);
    Func func = cut.bounds.size() > 2 ? pieces(cut) : whole();
    BuiltKernel built;
    built.pipeline = Halide::Pipeline(func);
    built.arguments = lowering_.arguments();
    built.schedule = schedule_;
    built.strict_float = true;
    return built;
  }

 private:
  const std::vector<int64_t>& dims() const { return collapsed_.output_dims[0]; }

  // The buffers of the results are declared before their Func is defined.
  void bind_result_batch() {
    if (lowering_.has_batched_operand()) return;
    const auto batched = std::find_if(memory_.begin(), memory_.end(), [](const Dim& d) { return d.batched; });
    if (batched == memory_.end()) return;
    std::vector<Halide::Type> types;
    for (const NamedValue& output : collapsed_.body.outputs)
      types.push_back(halide_type(collapsed_.body[output.value].type.dtype));
    result_.function().create_output_buffers(types, static_cast<int>(memory_.size()));
    const Halide::Parameter buffer = result_.function().output_buffers()[0];
    const std::string name = buffer.name() + ".extent." + std::to_string(memory_.end() - batched - 1);
    const Expr extent = Halide::Internal::Variable::make(Halide::Int(32), name, buffer);
    lowering_.bind_batch(extent / static_cast<int32_t>(batched->size));
  }

  Func whole() {
    Result result =
        define_result(result_, lowering_.outputs_at(as_index(vars_)), vars_, shape_, memory_, dims(), lowering_);
    if (plain_ || vars_.empty()) {
      schedule_ = "plain loops";
      return result.func;
    }
    if (vars_.size() == 1)
      schedule_flat(result.func, vars_[0], shape_[0]);
    else if (const std::optional<Turn> turn = find_turn(lowering_, vars_, shape_))
      schedule_turned(result.func, *turn);
    else
      schedule_nest(result.func, std::vector<VarOrRVar>(vars_.begin(), vars_.end()), shape_);
    return result.func;
  }

  // Vectors along the one dimension, tasks of some pages.
  void schedule_flat(Func& f, const Var& x, const Dim& extent) {
    if (!reads_are_dense(lowering_, x, x.name())) {
      schedule_ = "flat, element by element";
      return;
    }
    Var task("task"), vectors("vectors"), lane("lane"), rest("rest"), word("word");
    const bool random = !lowering_.random_blocks().empty();
    const int vector = random           ? (has_mask(collapsed_.body) ? kMaskLanes : kNumberLanes)
                       : extent.batched ? target_.lanes
                                        : static_cast<int>(std::min<int64_t>(target_.lanes, extent.size));
    // Whole vectors (or random blocks) first, then tasks of them: only the very last vector asks which lanes exist.
    const int unit = random ? kRandomBlock : vector;
    const TailStrategy tail = extent.batched ? TailStrategy::GuardWithIf : exact_tail(extent.size, unit);
    f.split(x, vectors, rest, unit, tail);
    // Ten rounds of Philox are too much code to be there twice, for whole and last blocks.
    if (random)
      f.split(rest, word, lane, vector).vectorize(lane).unroll(word).never_partition(vectors);
    else
      f.vectorize(rest);
    for (Func& words : lowering_.random_blocks())
      words.compute_at(f, vectors).store_in(Halide::MemoryType::Stack).vectorize(words.args()[0], vector);
    if (extent.batched || extent.size > 2 * kTaskElements)
      f.split(vectors, task, vectors, kTaskElements / unit, TailStrategy::GuardWithIf).parallel(task);
    schedule_ = random ? "flat, random words by blocks of 64" : "flat, vectors of " + std::to_string(vector);
  }

  static TailStrategy exact_tail(int64_t extent, int64_t factor) {
    return extent % factor == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf;
  }

  // Loops over several dimensions (outermost first): vectors along the last, parallel over the first.
  template <typename Stage>
  void schedule_nest(Stage&& f, const std::vector<VarOrRVar>& loops, const Shape& extents) {
    const VarOrRVar& x = loops.back();
    const Expr index = x.is_rvar ? Expr(x.rvar) : Expr(x.var);
    const bool dense = reads_are_dense(lowering_, index, x.name());
    if (dense && (extents.back().batched || extents.back().size > 1)) {
      const int64_t extent = extents.back().batched ? target_.lanes : extents.back().size;
      const int vector = static_cast<int>(std::min<int64_t>(target_.lanes, extent));
      const TailStrategy tail = extents.back().batched ? TailStrategy::GuardWithIf : exact_tail(extent, vector);
      f.vectorize(x, vector, tail);
      schedule_ = "nested, vectors of " + std::to_string(vector);
    } else {
      schedule_ = "nested, element by element";
    }
    parallel_rows(f, loops[0], extents);
  }

  void schedule_turned(Func& f, const Turn& turn) {
    const TurnedLoops loops = schedule_turn(f, lowering_, turn, vars_, shape_, target_, exact_);
    schedule_ = loops.text;
    if (turn.along != 0)
      parallel_rows(f, loops.outermost, shape_);
    else if (element_count(shape_).size > 2 * kTaskElements)
      f.parallel(loops.outermost);
  }

  template <typename Stage>
  void parallel_rows(Stage&& f, const VarOrRVar& row, const Shape& extents) {
    const Dim all = element_count(extents);
    const int64_t inside = std::max<int64_t>(1, all.size / std::max<int64_t>(1, extents[0].size));
    if (row.is_rvar || (!all.batched && all.size <= 2 * kTaskElements)) return;
    const int rows = static_cast<int>(std::max<int64_t>(1, kTaskElements / inside));
    Var task("task"), rest("rest");
    f.split(row, task, rest, rows, TailStrategy::GuardWithIf).parallel(task);
  }

  // One update a piece.
  Func pieces(const Cut& cut) {
    std::vector<Expr> nothing;
    for (const NamedValue& output : collapsed_.body.outputs)
      nothing.push_back(Halide::undef(halide_type(collapsed_.body[output.value].type.dtype)));
    Result result = define_result(result_, nothing, vars_, shape_, memory_, dims(), lowering_);
    Func& f = result.func;
    const size_t axis = static_cast<size_t>(cut.axis);
    std::vector<std::pair<RVar, int64_t>> loops;
    for (size_t p = 0; p + 1 < cut.bounds.size(); ++p) {
      const int64_t size = cut.bounds[p + 1] - cut.bounds[p];
      RDom r(0, static_cast<int32_t>(size), "piece");
      lowering_.assume(r.x.name(), 0, size);
      Index index = as_index(vars_);
      index[axis] = r.x + static_cast<int32_t>(cut.bounds[p]);
      std::vector<Expr> values = lowering_.outputs_at(index);
      std::vector<Expr> args(memory_.size(), Expr(0));
      for (size_t i = 0; i < vars_.size(); ++i) args[static_cast<size_t>(dims()[i])] = index[i];
      for (size_t d = 0; d < memory_.size(); ++d)
        if (std::find(dims().begin(), dims().end(), static_cast<int64_t>(d)) == dims().end())
          args[d] = f.args()[memory_.size() - 1 - d];
      if (values.size() == 1)
        f(reversed(args)) = values[0];
      else
        f(reversed(args)) = Halide::Tuple(values);
      loops.emplace_back(r.x, size);
    }
    if (plain_) {
      schedule_ = "plain loops";
      return f;
    }
    for (size_t p = 0; p < loops.size(); ++p) {
      Halide::Stage stage = f.update(static_cast<int>(p));
      std::vector<VarOrRVar> order(vars_.begin(), vars_.end());
      order[axis] = loops[p].first;
      Shape extents = shape_;
      extents[axis] = Dim{loops[p].second, false};
      stage.reorder(reversed(order));
      schedule_nest(stage, order, extents);
    }
    schedule_ = std::to_string(loops.size()) + " pieces, " + schedule_;
    return f;
  }

  const MachineTarget& target_;
  const bool plain_;
  const Collapsed collapsed_;
  const bool exact_;  // no element is computed twice
  Lowering lowering_;
  Shape shape_, memory_;
  Vars vars_;
  Func result_{"result"};
  std::string schedule_;
};

}  // namespace

BuiltKernel build_pointwise(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  if (has_concat_beside(kernel.body)) return build_beside_concat(kernel, target, options);
  return Pointwise(kernel, target, options).build();
}

}  // namespace kcc
