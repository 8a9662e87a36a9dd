// A depth that grows with the batch, as of the weights of a recurrent layer: k in blocks whose rows of b stay in the
// second cache. The rows of a of a tile are packed, for they lie in columns.
#include <algorithm>

#include "codegen/kernels/matmul.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

// Lengths of blocks, and rows of a task over them.
constexpr int64_t kShortestBlock = 48, kLongestBlock = 400;
constexpr int64_t kFewestTaskRows = 32, kMostTaskRows = 256;

// A divisor of a sample's steps, so that blocks do for every batch; 0 if there is none of a good size.
int64_t step_block(const Product& p) {
  if (!p.depth.batched || p.rows.batched || p.columns.size % p.target.lanes != 0) return 0;
  for (int64_t block = std::min(p.depth.size, kLongestBlock); block >= kShortestBlock; --block)
    if (p.depth.size % block == 0) return block;
  return 0;
}

}  // namespace

bool has_step_blocks(const Product& p) {
  return step_block(p) > 0;
}

// A tile's rows of a lie side by side, k after k.
Func packed_rows(Product& p, int rows, int64_t block, const Var& j, const Var& k, const Var& t, const Var& kb) {
  Func packed("packed");
  Expr row = t * rows + j;
  if (p.rows.size % rows != 0) row = Halide::min(row, narrow(p.rows.size) - 1);
  packed(j, k, t, kb) = p.a(row, kb * narrow(block) + k);
  return packed;
}

// Sums of blocks of k are added up in scratch, for a task's rows at a time.
BuiltKernel build_step_blocks(Product& p) {
  const VectorTile usual = choose_vectors(p.columns.size, p.target.lanes, p.target.registers == 32 ? 3 : 2, true);
  const VectorTile tile = pick_vectors(p.choices, usual, p.columns.size, p.target.lanes, 4, true);
  const int high = std::min(8, (p.target.registers == 32 ? 24 : 12) / tile.vectors);
  const int divisor = static_cast<int>(largest_divisor(p.rows.size, high));
  const int rows = p.pick_rows(2 * divisor > high ? divisor : high, tile.vectors, false);
  const auto divides = [&p](int64_t n) { return p.depth.size % n == 0; };
  const int64_t block = p.choices.pick("block", step_block(p), numbers(kShortestBlock / 2, 2 * kLongestBlock, divides));
  const int task_rows = static_cast<int>(std::clamp(p.rows.size / 2, kFewestTaskRows, kMostTaskRows)) / rows * rows;
  const Expr row_count = p.lowering.extent(p.rows);
  Var kb("kb"), ni("ni"), mi("mi"), task("task"), j("j"), t("t");
  Func part("part"), total("total"), packed = packed_rows(p, rows, block, j, p.k, t, kb);
  RDom k(0, narrow(block), "k"), q(0, p.lowering.extent(p.depth) / narrow(block), "q");
  part(p.n, p.m, kb) = 0.0f;
  part(p.n, p.m, kb) += packed(p.m % rows, k, p.m / rows, kb) * p.b(kb * narrow(block) + k, p.n);
  total(p.n, p.m) = 0.0f;
  total(p.n, p.m) += part(p.n, p.m, q);
  Result result = p.results(total);

  const int vector = tile.lanes;
  result.func.vectorize(p.n, vector).parallel(p.m, task_rows, TailStrategy::GuardWithIf);
  total.compute_root().bound(p.n, 0, narrow(p.columns.size)).bound_extent(p.m, (row_count + rows - 1) / rows * rows);
  total.vectorize(p.n, vector);
  Stage update = total.update();
  update.split(p.n, p.n, ni, tile.width())
      .split(p.m, p.m, mi, rows, TailStrategy::RoundUp)
      .split(p.m, task, p.m, task_rows / rows, TailStrategy::GuardWithIf);
  update.reorder(ni, mi, p.m, p.n, q, task).vectorize(ni, vector).unroll(ni).unroll(mi).parallel(task);
  packed.compute_at(total, q).bound(j, 0, rows).reorder(j, t, p.k, kb);
  if (p.rows.size % rows == 0) packed.vectorize(j);
  part.compute_at(total, p.m).store_in(MemoryType::Stack).vectorize(p.n, vector).unroll(p.n).unroll(p.m);
  part.update().reorder(p.n, p.m, k).vectorize(p.n, vector).unroll(p.n).unroll(p.m);
  return p.finish(result, std::to_string(rows) + " x " + std::to_string(tile.vectors) + " vectors of " +
                              std::to_string(vector) + ", k by " + std::to_string(block));
}

}  // namespace kcc
