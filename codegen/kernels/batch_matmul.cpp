// Products of many small matrices, one or more a sample, with element-wise work on the result:
//   out[..., m, n] = epilogue(sum over k of a[..., m, k] b[..., k, n])
// Samples are the parallel tasks, together with tiles of rows where a sample is much work by itself. Within a sample
// the tiles are those of one product (matmul.cpp); a transposed b is turned once a sample.
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

// Multiplications of a sample from which on its rows are shared out too.
constexpr int64_t kLargeSample = int64_t{1} << 20;

class BatchMatMul {
 public:
  BatchMatMul(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
      : kernel_(kernel), target_(target), options_(options), lowering_(kernel.body) {
    const Node& node = kernel.body[kernel.anchor];
    KCC_CHECK(node.op == OpKind::kMatMul && node.type.rank() > 2, "products of matrices");
    transpose_a_ = node.attrs.integer("transpose_a") != 0;
    transpose_b_ = node.attrs.integer("transpose_b") != 0;
    shape_ = node.type.shape;
    const Shape& a = kernel.body[node.inputs[0]].type.shape;
    depth_ = a[a.size() - (transpose_a_ ? 2 : 1)];
    exact_ = may_overwrite_operands(kernel.body);
    for (size_t i = 0; i + 2 < shape_.size(); ++i) outer_.emplace_back(numbered("o", i));
  }

  BuiltKernel build() {
    RDom k(0, lowering_.extent(depth_), "k");
    sum_(at(m_, n_)) = 0.0f;
    packed_(at(k_, n_)) = operand(1, transpose_b_, k_, n_);
    const bool packs = transpose_b_ && !is_plain();
    sum_(at(m_, n_)) +=
        operand(0, transpose_a_, m_, k) * (packs ? Expr(packed_(at(k, n_))) : operand(1, transpose_b_, k, n_));
    if (!is_plain() && exact_) return through_scratch(k, packs);
    const Result result = results(sum_);
    std::string schedule = "plain loops";
    if (is_plain())
      sum_.compute_root();
    else
      schedule = schedule_tiles(result.func, k, packs);
    return finish(result, std::move(schedule));
  }

 private:
  BuiltKernel finish(const Result& result, std::string schedule) {
    BuiltKernel built;
    built.pipeline = Halide::Pipeline(result.func);
    built.arguments = lowering_.arguments();
    built.schedule = std::move(schedule);
    return built;
  }

  // The products in scratch as a whole, then the epilogue: each result is written once.
  BuiltKernel through_scratch(const RDom& k, bool packs) {
    Func whole("whole");
    whole(at(m_, n_)) = sum_(at(m_, n_));
    const Result result = results(whole);
    whole.compute_root();
    for (size_t i = 0; i < outer_.size(); ++i) whole.bound(outer_[i], 0, lowering_.extent(shape_[i]));
    whole.bound(m_, 0, lowering_.extent(rows())).bound(n_, 0, lowering_.extent(columns()));
    return finish(result, schedule_tiles(whole, k, packs) + ", through scratch");
  }

  // Only the outer dimensions are known to be the batch's often enough to schedule for.
  bool is_plain() const { return options_.level == 0 || rows().batched || columns().batched; }
  const Dim& rows() const { return shape_[shape_.size() - 2]; }
  const Dim& columns() const { return shape_.back(); }

  // Halide's order: (second, first, outer dimensions from the innermost on).
  std::vector<Expr> at(const Expr& first, const Expr& second) const {
    std::vector<Expr> index{second, first};
    index.insert(index.end(), outer_.rbegin(), outer_.rend());
    return index;
  }

  Expr operand(size_t i, bool transposed, const Expr& first, const Expr& second) {
    Index index(outer_.begin(), outer_.end());
    index.push_back(transposed ? second : first);
    index.push_back(transposed ? first : second);
    return lowering_.at(kernel_.body[kernel_.anchor].inputs[i], index);
  }

  // The body's results, the products read from `products`.
  Result results(const Func& products) {
    lowering_.bind(kernel_.anchor, [products](const Index& index) { return products(reversed(index)); });
    Vars vars = outer_;
    vars.push_back(m_);
    vars.push_back(n_);
    return define_result(Func("result"), strict(lowering_.outputs_at(as_index(vars))), vars, shape_, lowering_);
  }

  int tile_rows(int vectors) const {
    const int registers = target_.registers == 32 ? 24 : 12;
    int tile = std::max(1, std::min(registers / vectors, 8));
    while (rows().size < tile) --tile;
    return tile;
  }

  std::string schedule_tiles(Func out, const RDom& k, bool packs) {
    const VectorTile tile = choose_vectors(columns().size, target_.lanes, target_.registers == 32 ? 4 : 2, false);
    const int row_count = tile_rows(tile.vectors);
    const auto tail_of = [](int64_t extent, int width) {
      return extent % width == 0 ? TailStrategy::Auto : TailStrategy::ShiftInwards;
    };
    Var ni("ni"), mi("mi");
    out.split(n_, n_, ni, tile.width(), tail_of(columns().size, tile.width()));
    out.split(m_, m_, mi, row_count, tail_of(rows().size, row_count));
    std::vector<Halide::VarOrRVar> order{ni, mi, n_, m_};
    order.insert(order.end(), outer_.rbegin(), outer_.rend());
    out.reorder(order).vectorize(ni, tile.lanes).unroll(ni).unroll(mi);
    const Var sample = share_out(out, packs);
    if (packs) packed_.compute_at(out, sample).reorder(k_, n_);
    sum_.compute_at(out, n_).store_in(MemoryType::Stack);
    sum_.vectorize(n_, tile.lanes).unroll(n_).unroll(m_);
    sum_.update().reorder(n_, m_, k).vectorize(n_, tile.lanes).unroll(n_).unroll(m_);
    return (packs ? "b transposed first, " : "") + std::to_string(row_count) + " x " + std::to_string(tile.vectors) +
           " vectors of " + std::to_string(tile.lanes);
  }

  // Makes one parallel loop of the outer dimensions; gives its variable.
  Var share_out(Func out, bool packs) const {
    Vars loops = outer_;
    const int64_t work = rows().size * columns().size * depth_.size;
    if (!packs && work >= kLargeSample) loops.push_back(m_);
    Var all = loops.back();
    for (size_t i = loops.size() - 1; i-- > 0;) {
      const Var both(numbered("task", i));
      out.fuse(all, loops[i], both);
      all = both;
    }
    out.parallel(all);
    return all;
  }

  const Kernel& kernel_;
  const MachineTarget& target_;
  const ScheduleOptions& options_;
  Lowering lowering_;
  bool transpose_a_ = false, transpose_b_ = false, exact_ = false;
  Shape shape_;
  Dim depth_;
  Vars outer_;
  Var m_{"m"}, n_{"n"}, k_{"k"};
  Func sum_{"sum"}, packed_{"packed"};
};

}  // namespace

BuiltKernel build_batch_matmul(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  return BatchMatMul(kernel, target, options).build();
}

}  // namespace kcc
