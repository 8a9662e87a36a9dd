// Products of matrices, with element-wise work on the result:
//   out[m, n] = epilogue(sum over k of a[m, k] b[k, n])
// A tile of MR rows and NV vectors of columns stays in registers while k runs. Names as in BLAS: NN, NT (b given
// transposed), TN (a given transposed).
//   NN, TN: vectors along n straight from b. NN with a small b: k in two halves, side by side where there are few rows,
//   which would wait for each addition. TN over many steps of many samples (the weights of a recurrent layer): k
//   in blocks whose rows of b stay in the second cache. NN with so long a k that b comes from memory: k in blocks that
//   stay in the first cache for all rows, in a fixed number of chunks for parallel tasks. NT: b is transposed, a panel
//   of columns at a time; for few rows vectors along k, added up at the end ("dot").
// Numbers: bench/kernels.cpp, and shared/reference/halide.md for the probes that chose the tiles.
#include <algorithm>

#include "codegen/kernels/gates.h"
#include "codegen/kernels/schedule.h"
#include "compiler/ops/panels.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

int32_t narrow(int64_t value) {
  return static_cast<int32_t>(value);
}

// From this depth on a panel of b no longer stays in the second cache.
constexpr int64_t kLongDepth = 2048;
constexpr int64_t kChunks = 8;
// Blocks of a depth that grows with the batch, and rows of a task over them.
constexpr int64_t kShortestBlock = 48, kLongestBlock = 400;
constexpr int kTaskRows = 64;
// Fewer rows do not pay for transposing b, with k from kDeep on and below.
constexpr int64_t kFewRows = 8, kFewDeepRows = 64, kDeep = 256;
// Elements of a b that stays in the first cache, and a depth that is worth halving.
constexpr int64_t kSmall = 8192, kHalved = 16;

class MatMul {
 public:
  MatMul(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
      : kernel_(kernel), target_(target), options_(options), choices_(options), lowering_(kernel.body) {
    const Node& node = kernel.body[kernel.anchor];
    KCC_CHECK(node.op == OpKind::kMatMul, "a product");
    a_ = node.inputs[0];
    b_ = node.inputs[1];
    transpose_a_ = node.attrs.integer("transpose_a") != 0;
    transpose_b_ = node.attrs.integer("transpose_b") != 0;
    rows_ = node.type.shape[0];
    columns_ = node.type.shape[1];
    depth_ = kernel.body[a_].type.shape[transpose_a_ ? 0 : 1];
    exact_ = may_overwrite_operands(kernel.body);
    if (has_panels(kernel.body, node)) panel_ = kernel.body[b_].type.shape;
  }

  BuiltKernel build() {
    if (options_.level == 0) return plain();
    if (columns_.batched) return plain();
    if (!panel_.empty()) return tiles();
    if (!transpose_a_ && !transpose_b_ && !depth_.batched && depth_.size >= kLongDepth) return chunks();
    if (transpose_a_ && !transpose_b_ && step_block() > 0) return blocks();
    if (transpose_b_ && !depth_.batched && depth_.size >= 4 * target_.lanes &&
        choices_.pick("dot", few_rows(), {0, 1}) == 1)
      return dot();
    return tiles();
  }

 private:
  Expr a(const Expr& m, const Expr& k) { return lowering_.at(a_, transpose_a_ ? Index{k, m} : Index{m, k}); }
  Expr b(const Expr& k, const Expr& n) {
    if (panel_.empty()) return lowering_.at(b_, transpose_b_ ? Index{n, k} : Index{k, n});
    const int32_t lanes = narrow(panel_[3].size), units = narrow(columns_.size / panel_[2].size);
    if (panel_[2].is_one()) return lowering_.at(b_, {n / lanes, k, 0, n % lanes});
    return lowering_.at(b_, {n % units / lanes, k, n / units, n % lanes});
  }

  // The body's results, the product read from `sum` (n, m).
  Result results(const Func& sum) {
    lowering_.bind(kernel_.anchor, [sum](const Index& index) { return sum(index[1], index[0]); });
    const Vars vars{m_, n_};
    return define_result(Func("result"), strict(lowering_.outputs_at(as_index(vars))), vars, Shape{rows_, columns_},
                         lowering_);
  }

  BuiltKernel finish(const Result& result, std::string schedule) {
    BuiltKernel built;
    built.pipeline = Halide::Pipeline(result.func);
    built.arguments = lowering_.arguments();
    built.schedule = std::move(schedule);
    built.choices = choices_.taken();
    return built;
  }

  BuiltKernel plain() {
    Func sum("sum");
    RDom k(0, lowering_.extent(depth_), "k");
    sum(n_, m_) = 0.0f;
    sum(n_, m_) += a(m_, k) * b(k, n_);
    sum.compute_root();
    return finish(results(sum), "plain loops");
  }

  // At the batch that schedules are made for.
  bool few_rows() const {
    const int64_t rows = rows_.batched ? options_.batch * rows_.size : rows_.size;
    return rows < (depth_.size >= kDeep ? kFewDeepRows : kFewRows);
  }

  // Rows of a register tile, for `vectors` vectors of columns.
  int tile_rows(int vectors) const {
    const int registers = target_.registers == 32 ? 24 : 12;
    int rows = std::max(1, std::min(registers / vectors, 8));
    if (target_.registers == 32 && vectors == 4) rows = 4;
    if (rows_.batched) return rows;
    while (rows > 1 && rows_.size % rows != 0 && (exact_ || rows_.size < rows)) --rows;
    return rows;
  }

  // Vectors of columns of a tile; `exact`: they divide the columns.
  VectorTile pick_tile(bool exact) {
    const int most = target_.registers == 32 ? 4 : 2;
    if (!panel_.empty()) return choose_vectors(panel_[3].size, target_.lanes, most, true);
    const VectorTile usual = choose_vectors(columns_.size, target_.lanes, most, exact);
    return pick_vectors(choices_, usual, columns_.size, target_.lanes, most,
                        exact && columns_.size % usual.width() == 0);
  }

  // Rows of a tile, `usual` or another number that leaves registers for operands.
  int pick_rows(int usual, int vectors) {
    const int64_t room = target_.registers == 32 ? 28 : 14;
    const auto legal = [&](int64_t rows) {
      if (rows * vectors > room || 4 * rows * vectors < room) return false;
      return rows_.batched || (rows <= rows_.size && (!exact_ || rows_.size % rows == 0));
    };
    return static_cast<int>(choices_.pick("rows", usual, numbers(1, 12, legal)));
  }

  // Whether tiles cover the result without computing an element twice.
  bool tiles_divide(const VectorTile& tile, int rows) const {
    return columns_.size % tile.width() == 0 && (!rows_.batched && rows_.size % rows == 0);
  }

  BuiltKernel tiles() {
    const VectorTile tile = pick_tile(exact_);
    const int rows = pick_rows(tile_rows(tile.vectors), tile.vectors);
    std::string text =
        std::to_string(rows) + " x " + std::to_string(tile.vectors) + " vectors of " + std::to_string(tile.lanes);
    if (rows > 1 && may_halve()) return finish(halves(tile, rows), text + ", k in halves");
    Func sum("sum"), packed("packed");
    RDom k(0, lowering_.extent(depth_), "k");
    sum(n_, m_) = 0.0f;
    if (transpose_b_) {
      packed(n_, k_) = b(k_, n_);
      sum(n_, m_) += a(m_, k) * packed(n_, k);
    } else {
      sum(n_, m_) += a(m_, k) * b(k, n_);
    }
    if (transpose_b_) text = "b transposed first, " + text;
    if (exact_ && !tiles_divide(tile, rows))
      return finish(through_scratch(sum, packed, k, tile, rows), text + ", through scratch");
    Result result = results(sum);
    schedule_tiles(result.func, tile, rows);
    schedule_sum(result.func, sum, k, tile);
    schedule_packed(result.func, packed);
    return finish(result, text);
  }

  // Also a batch of one row is computed by such a kernel.
  bool may_halve() const {
    return rows_.batched && !transpose_a_ && !transpose_b_ && !depth_.batched && depth_.size % 2 == 0 &&
           depth_.size >= kHalved && depth_.size * columns_.size <= kSmall;
  }

  // The sums over both halves of k are chains of their own. A tile of rows has registers for one at a time; rows that
  // are fewer run both together. The additions, and so the bits, are the same.
  Result halves(const VectorTile& tile, int rows) {
    const int32_t half = narrow(depth_.size / 2);
    Var h("h");
    RDom k(0, half, "k");
    Func tiled("tiled"), single("single"), sum("sum");
    for (Func f : {tiled, single}) {
      f(n_, m_, h) = 0.0f;
      f(n_, m_, h) += a(m_, h * half + k) * b(h * half + k, n_);
    }
    const auto both = [&](Func f) { return f(n_, m_, 0) + f(n_, m_, 1); };
    sum(n_, m_) = strict(Halide::select(fills_tile(rows), both(tiled), both(single)));
    Result result = results(sum);
    schedule_tiles(result.func, tile, rows);
    for (Func f : {tiled, single}) {
      f.compute_at(result.func, m_).store_in(MemoryType::Stack);
      f.vectorize(n_, tile.lanes).unroll(n_).unroll(m_).unroll(h);
    }
    tiled.update().reorder(n_, m_, k, h).vectorize(n_, tile.lanes).unroll(n_).unroll(m_).unroll(h);
    single.update().reorder(n_, m_, h, k).vectorize(n_, tile.lanes).unroll(n_).unroll(m_).unroll(h);
    return result;
  }

  // By lines of b, so that what is read and what is written both stay in the first cache.
  void schedule_packed(const Func& out, Func packed) {
    if (!transpose_b_) return;
    Var ki("ki");
    if (depth_.batched || depth_.size < 16)
      packed.reorder(k_, n_);
    else
      packed.split(k_, k_, ki, 16, TailStrategy::GuardWithIf).reorder(ki, n_, k_);
    if (transpose_a_)
      packed.compute_root();
    else
      packed.compute_at(out, n_);
  }

  // Long k: sums of blocks are added up for all rows of a chunk of k; rows past the end repeat the last one.
  BuiltKernel chunks() {
    const VectorTile tile = pick_tile(exact_);
    const int rows = target_.registers == 32 && tile.vectors == 4 ? 4 : 6;
    int64_t block = 128;
    while (block > 32 && depth_.size % block != 0) --block;
    if (depth_.size % block != 0) block = 64;
    block = choices_.pick("block", block, {32, 64, 128, 192, 256});
    const int64_t blocks = depth_.size / block, rest = depth_.size % block;
    const int64_t chunk_blocks = (blocks + kChunks - 1) / kChunks;
    const Expr row_count = lowering_.extent(rows_);
    Var chunk("chunk"), kb("kb"), ni("ni"), mi("mi");
    Func part("part"), chunked("chunked"), total("total");
    const Expr row = Halide::min(m_, row_count - 1);
    RDom k(0, narrow(block), "k"), q(0, narrow(chunk_blocks), "q"), c(0, narrow(kChunks), "c"),
        t(0, narrow(std::max<int64_t>(1, rest)), "t");
    const Expr first = (chunk * narrow(chunk_blocks) + q) * narrow(block);
    part(n_, m_, kb) = 0.0f;
    part(n_, m_, kb) += a(row, kb * narrow(block) + k) * b(kb * narrow(block) + k, n_);
    if (blocks % kChunks != 0) q.where(first < narrow(blocks * block));
    chunked(n_, m_, chunk) = 0.0f;
    chunked(n_, m_, chunk) += part(n_, m_, chunk * narrow(chunk_blocks) + q);
    total(n_, m_) = 0.0f;
    total(n_, m_) += chunked(n_, m_, c);
    if (rest > 0) total(n_, m_) += a(m_, narrow(blocks * block) + t) * b(narrow(blocks * block) + t, n_);
    Result result = results(total);

    const int vector = tile.lanes;
    const TailStrategy tail = columns_.size % vector == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf;
    const bool divides = columns_.size % tile.width() == 0;
    result.func.vectorize(n_, vector, tail).parallel(m_);
    total.compute_at(result.func, m_).vectorize(n_, vector, tail);
    total.update(0).reorder(n_, c).vectorize(n_, vector, tail);
    if (rest > 0) total.update(1).reorder(n_, t).vectorize(n_, vector, tail);
    chunked.compute_root().bound(n_, 0, narrow(columns_.size)).bound_extent(m_, (row_count + rows - 1) / rows * rows);
    chunked.vectorize(n_, vector, tail).parallel(chunk);
    Stage update = chunked.update();
    update.split(n_, n_, ni, tile.width(), divides ? TailStrategy::Auto : TailStrategy::GuardWithIf)
        .split(m_, m_, mi, rows, TailStrategy::RoundUp);
    update.reorder(ni, mi, m_, n_, q, chunk).vectorize(ni, vector).unroll(ni).unroll(mi).parallel(chunk);
    part.compute_at(chunked, m_).store_in(MemoryType::Stack).vectorize(n_, vector).unroll(n_).unroll(m_);
    part.update().reorder(n_, m_, k).vectorize(n_, vector).unroll(n_).unroll(m_);
    return finish(result, std::to_string(rows) + " x " + std::to_string(tile.vectors) + " vectors of " +
                              std::to_string(vector) + ", k by " + std::to_string(block) + " in " +
                              std::to_string(kChunks) + " chunks");
  }

  // Into how long blocks a depth of n * B is cut, whatever the batch: a divisor of n; 0 if there is none of a good size
  // or the depth is short.
  int64_t step_block() const {
    if (!depth_.batched || rows_.batched || columns_.size % target_.lanes != 0) return 0;
    if (depth_.size * options_.batch < kLongDepth) return 0;
    for (int64_t block = std::min(depth_.size, kLongestBlock); block >= kShortestBlock; --block)
      if (depth_.size % block == 0) return block;
    return 0;
  }

  // Sums of blocks of k are added up in scratch, for a task's rows at a time.
  BuiltKernel blocks() {
    const VectorTile tile = pick_tile(true);
    const int rows = target_.registers == 32 && tile.vectors == 4 ? 4 : 6;
    const auto divides = [this](int64_t n) { return depth_.size % n == 0; };
    const int64_t block = choices_.pick("block", step_block(), numbers(kShortestBlock / 2, 2 * kLongestBlock, divides));
    const Expr row_count = lowering_.extent(rows_);
    Var kb("kb"), ni("ni"), mi("mi"), task("task");
    Func part("part"), total("total");
    const Expr row = rows_.size % rows == 0 ? Expr(m_) : Halide::min(m_, row_count - 1);
    RDom k(0, narrow(block), "k"), q(0, lowering_.extent(depth_) / narrow(block), "q");
    part(n_, m_, kb) = 0.0f;
    part(n_, m_, kb) += a(row, kb * narrow(block) + k) * b(kb * narrow(block) + k, n_);
    total(n_, m_) = 0.0f;
    total(n_, m_) += part(n_, m_, q);
    Result result = results(total);

    const int vector = tile.lanes;
    result.func.vectorize(n_, vector).parallel(m_, kTaskRows, TailStrategy::GuardWithIf);
    total.compute_root().bound(n_, 0, narrow(columns_.size)).bound_extent(m_, (row_count + rows - 1) / rows * rows);
    total.vectorize(n_, vector);
    Stage update = total.update();
    update.split(n_, n_, ni, tile.width())
        .split(m_, m_, mi, rows, TailStrategy::RoundUp)
        .split(m_, task, m_, kTaskRows / rows, TailStrategy::GuardWithIf);
    update.reorder(ni, mi, m_, n_, q, task).vectorize(ni, vector).unroll(ni).unroll(mi).parallel(task);
    part.compute_at(total, m_).store_in(MemoryType::Stack).vectorize(n_, vector).unroll(n_).unroll(m_);
    part.update().reorder(n_, m_, k).vectorize(n_, vector).unroll(n_).unroll(m_);
    return finish(result, std::to_string(rows) + " x " + std::to_string(tile.vectors) + " vectors of " +
                              std::to_string(vector) + ", k by " + std::to_string(block));
  }

  // The product in scratch as a whole, then the epilogue: each result is written once.
  Result through_scratch(const Func& sum, const Func& packed, const RDom& k, const VectorTile& tile, int rows) {
    Func whole("whole");
    whole(n_, m_) = sum(n_, m_);
    whole.compute_root().bound(n_, 0, narrow(columns_.size));
    schedule_tiles(whole, tile, rows);
    schedule_sum(whole, sum, k, tile);
    schedule_packed(whole, packed);
    Result result = results(whole);
    vectorize_exactly(result.func, tile.lanes);
    return result;
  }

  void vectorize_exactly(Func f, int lanes) {
    f.vectorize(n_, lanes, columns_.size % lanes == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf);
  }

  Expr fills_tile(int rows) const { return lowering_.extent(rows_) >= rows; }

  // Tiles of the result; batches of fewer rows a row at a time.
  void schedule_tiles(Func out, const VectorTile& tile, int rows) {
    const bool divides = columns_.size % tile.width() == 0;
    Var ni("ni"), mi("mi"), task("task");
    out.split(n_, n_, ni, tile.width(), divides ? TailStrategy::Auto : TailStrategy::ShiftInwards);
    out.vectorize(ni, tile.lanes).unroll(ni);
    // dW is written in whole lines: row tiles outermost. Otherwise the panel of b stays while rows pass.
    const bool rows_outermost = transpose_a_;
    if (rows > 1) {
      Stage full = rows_.batched ? out.specialize(fills_tile(rows)) : Stage(out);
      full.split(m_, m_, mi, rows, TailStrategy::ShiftInwards).unroll(mi);
      if (rows_outermost)
        full.reorder(ni, mi, n_, m_).parallel(m_);
      else
        full.reorder(ni, mi, m_, n_).parallel(n_);
    }
    if (rows == 1 || rows_.batched) {
      if (rows_outermost)
        out.reorder(ni, n_, m_).parallel(m_);
      else
        out.reorder(ni, m_, n_).parallel(n_);
    }
  }

  // A tile's sums stay in registers while k runs.
  void schedule_sum(const Func& out, Func sum, const RDom& k, const VectorTile& tile) {
    sum.compute_at(out, transpose_a_ ? n_ : m_).store_in(MemoryType::Stack);
    sum.vectorize(n_, tile.lanes).unroll(n_).unroll(m_);
    sum.update().reorder(n_, m_, k).vectorize(n_, tile.lanes).unroll(n_).unroll(m_);
  }

  // Vectors along k: lanes of partial sums for MR rows and NR columns, added up at the end; b is read as it lies.
  BuiltKernel dot() {
    const int lanes = target_.lanes;
    const int max_columns = target_.registers == 32 ? 6 : 3, max_rows = target_.registers == 32 ? 4 : 3;
    const bool fixed_rows = !rows_.batched;
    const int rows = pick_rows(fixed_rows ? static_cast<int>(std::min<int64_t>(max_rows, rows_.size)) : max_rows, 3);
    const auto fits = [&](int64_t n) { return n <= columns_.size && n * rows <= target_.registers; };
    const int columns =
        static_cast<int>(choices_.pick("columns", std::min<int64_t>(max_columns, columns_.size), numbers(1, 8, fits)));
    Var lane("lane"), ni("ni"), mi("mi");
    Func partial("partial"), sum("sum"), product("product");
    RDom k(0, narrow(depth_.size / lanes), "k"), l(0, lanes, "l");
    partial(lane, n_, m_) = 0.0f;
    partial(lane, n_, m_) += a(m_, k * lanes + lane) * b(k * lanes + lane, n_);
    sum(n_, m_) = 0.0f;
    sum(n_, m_) += partial(l, n_, m_);
    const int64_t rest = depth_.size % lanes;
    RDom t(0, narrow(std::max<int64_t>(1, rest)), "t");
    if (rest > 0) sum(n_, m_) += a(m_, narrow(depth_.size - rest) + t) * b(narrow(depth_.size - rest) + t, n_);
    product(n_, m_) = sum(n_, m_);
    const bool through = exact_ && (columns_.size % columns != 0 || !fixed_rows || rows_.size % rows != 0);
    Result result = results(through ? product : sum);
    Func out = through ? product : result.func;
    if (through) {
      product.compute_root().bound(n_, 0, narrow(columns_.size));
      vectorize_exactly(result.func, static_cast<int>(std::min<int64_t>(lanes, columns_.size)));
    }
    out.split(n_, n_, ni, columns, columns_.size % columns == 0 ? TailStrategy::Auto : TailStrategy::ShiftInwards)
        .unroll(ni);
    if (rows > 1) {
      Stage full = fixed_rows ? Stage(out) : out.specialize(lowering_.extent(rows_) >= rows);
      full.split(m_, m_, mi, rows, TailStrategy::ShiftInwards).reorder(ni, mi, m_, n_).unroll(mi).parallel(n_);
    }
    if (rows == 1 || !fixed_rows) out.reorder(ni, m_, n_).parallel(n_);
    sum.compute_at(out, m_).store_in(MemoryType::Stack).unroll(n_).unroll(m_);
    sum.update(0).reorder(l, n_, m_).atomic().vectorize(l).unroll(n_).unroll(m_);
    if (rest > 0) sum.update(1).reorder(n_, m_, t).unroll(n_).unroll(m_);
    partial.compute_at(out, m_).store_in(MemoryType::Stack).vectorize(lane).unroll(n_).unroll(m_);
    partial.update().reorder(lane, n_, m_, k).vectorize(lane).unroll(n_).unroll(m_);
    return finish(result, "dot, " + std::to_string(rows) + " x " + std::to_string(columns) + " columns");
  }

  const Kernel& kernel_;
  const MachineTarget& target_;
  const ScheduleOptions& options_;
  Choices choices_;
  Lowering lowering_;
  ValueId a_ = -1, b_ = -1;
  bool transpose_a_ = false, transpose_b_ = false;
  Dim rows_, columns_, depth_;
  bool exact_ = false;
  Shape panel_;  // of b; empty: a matrix
  Var m_{"m"}, n_{"n"}, k_{"k"};
};

}  // namespace

BuiltKernel build_matmul(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  if (gates_of(kernel) > 1) return build_gates(kernel, target, options);
  return MatMul(kernel, target, options).build();
}

}  // namespace kcc
