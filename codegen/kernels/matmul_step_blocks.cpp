// A depth that grows with the batch, as of the weights of a recurrent layer: k in blocks whose rows of b stay in the
// second cache.
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
constexpr int kTaskRows = 64;

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

// Sums of blocks of k are added up in scratch, for a task's rows at a time.
BuiltKernel build_step_blocks(Product& p) {
  const VectorTile tile = p.pick_tile(true);
  const int rows = p.target.registers == 32 && tile.vectors == 4 ? 4 : 6;
  const auto divides = [&p](int64_t n) { return p.depth.size % n == 0; };
  const int64_t block = p.choices.pick("block", step_block(p), numbers(kShortestBlock / 2, 2 * kLongestBlock, divides));
  const Expr row_count = p.lowering.extent(p.rows);
  Var kb("kb"), ni("ni"), mi("mi"), task("task");
  Func part("part"), total("total");
  const Expr row = p.rows.size % rows == 0 ? Expr(p.m) : Halide::min(p.m, row_count - 1);
  RDom k(0, narrow(block), "k"), q(0, p.lowering.extent(p.depth) / narrow(block), "q");
  part(p.n, p.m, kb) = 0.0f;
  part(p.n, p.m, kb) += p.a(row, kb * narrow(block) + k) * p.b(kb * narrow(block) + k, p.n);
  total(p.n, p.m) = 0.0f;
  total(p.n, p.m) += part(p.n, p.m, q);
  Result result = p.results(total);

  const int vector = tile.lanes;
  result.func.vectorize(p.n, vector).parallel(p.m, kTaskRows, TailStrategy::GuardWithIf);
  total.compute_root().bound(p.n, 0, narrow(p.columns.size)).bound_extent(p.m, (row_count + rows - 1) / rows * rows);
  total.vectorize(p.n, vector);
  Stage update = total.update();
  update.split(p.n, p.n, ni, tile.width())
      .split(p.m, p.m, mi, rows, TailStrategy::RoundUp)
      .split(p.m, task, p.m, kTaskRows / rows, TailStrategy::GuardWithIf);
  update.reorder(ni, mi, p.m, p.n, q, task).vectorize(ni, vector).unroll(ni).unroll(mi).parallel(task);
  part.compute_at(total, p.m).store_in(MemoryType::Stack).vectorize(p.n, vector).unroll(p.n).unroll(p.m);
  part.update().reorder(p.n, p.m, k).vectorize(p.n, vector).unroll(p.n).unroll(p.m);
  return p.finish(result, std::to_string(rows) + " x " + std::to_string(tile.vectors) + " vectors of " +
                              std::to_string(vector) + ", k by " + std::to_string(block));
}

}  // namespace kcc
