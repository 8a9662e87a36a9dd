// A product with so long a k that b comes from memory: k in blocks that stay in the first cache for all rows, in a
// fixed number of chunks for parallel tasks.
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

constexpr int64_t kChunks = 8;
// So few rows use a block of b once or twice: the shorter it is, the more it is read as it lies.
constexpr int64_t kFewRows = 8;

// Blocks are added up in place, so that no column may be computed twice, and b has nothing behind its last row: tiles
// divide the columns.
VectorTile dividing_tile(Product& p) {
  const VectorTile tile = p.pick_tile(true);
  if (p.columns.size % tile.width() == 0) return tile;
  return {static_cast<int>(largest_divisor(p.columns.size, p.target.lanes)), 1};
}

}  // namespace

bool fills_long_depth(const Product& p) {
  const int64_t lanes = std::min<int64_t>(p.target.lanes, p.columns.size);
  return !p.transpose_a && !p.transpose_b && !p.depth.batched &&
         2 * largest_divisor(p.columns.size, p.target.lanes) >= lanes;
}

// Sums of blocks are added up for all rows of a chunk of k; rows past the end repeat the last one.
BuiltKernel build_long_depth(Product& p) {
  const VectorTile tile = dividing_tile(p);
  const int high = tile.vectors == 1 ? 8 : p.target.registers == 32 && tile.vectors == 4 ? 4 : 6;
  const int rows = p.pick_rows(static_cast<int>(std::min<int64_t>(high, p.usual_size(p.rows))), tile.vectors, false);
  int64_t block = 128;
  while (block > 32 && p.depth.size % block != 0) --block;
  if (p.depth.size % block != 0) block = 64;
  if (p.usual_size(p.rows) < kFewRows) block = 32;
  block = p.choices.pick("block", block, {8, 16, 32, 64, 128, 192, 256});
  const int64_t blocks = p.depth.size / block, rest = p.depth.size % block;
  const int64_t chunk_blocks = (blocks + kChunks - 1) / kChunks;
  const Expr row_count = p.lowering.extent(p.rows);
  Var chunk("chunk"), kb("kb"), ni("ni"), mi("mi");
  Func part("part"), chunked("chunked"), total("total");
  const Expr row = Halide::min(p.m, row_count - 1);
  RDom k(0, narrow(block), "k"), q(0, narrow(chunk_blocks), "q"), c(0, narrow(kChunks), "c"),
      t(0, narrow(std::max<int64_t>(1, rest)), "t");
  const Expr first = (chunk * narrow(chunk_blocks) + q) * narrow(block);
  part(p.n, p.m, kb) = 0.0f;
  part(p.n, p.m, kb) += p.a(row, kb * narrow(block) + k) * p.b(kb * narrow(block) + k, p.n);
  if (blocks % kChunks != 0) q.where(first < narrow(blocks * block));
  chunked(p.n, p.m, chunk) = 0.0f;
  chunked(p.n, p.m, chunk) += part(p.n, p.m, chunk * narrow(chunk_blocks) + q);
  total(p.n, p.m) = 0.0f;
  total(p.n, p.m) += chunked(p.n, p.m, c);
  if (rest > 0) total(p.n, p.m) += p.a(p.m, narrow(blocks * block) + t) * p.b(narrow(blocks * block) + t, p.n);
  Result result = p.results(total);

  const int vector = tile.lanes;
  result.func.vectorize(p.n, vector).parallel(p.m);
  total.compute_at(result.func, p.m).vectorize(p.n, vector);
  total.update(0).reorder(p.n, c).vectorize(p.n, vector);
  if (rest > 0) total.update(1).reorder(p.n, t).vectorize(p.n, vector);
  chunked.compute_root().bound(p.n, 0, narrow(p.columns.size)).bound_extent(p.m, (row_count + rows - 1) / rows * rows);
  chunked.vectorize(p.n, vector).parallel(chunk);
  Stage update = chunked.update();
  update.split(p.n, p.n, ni, tile.width()).split(p.m, p.m, mi, rows, TailStrategy::RoundUp);
  update.reorder(ni, mi, p.m, p.n, q, chunk).vectorize(ni, vector).unroll(ni).unroll(mi).parallel(chunk);
  part.compute_at(chunked, p.m).store_in(MemoryType::Stack).vectorize(p.n, vector).unroll(p.n).unroll(p.m);
  part.update().reorder(p.n, p.m, k).vectorize(p.n, vector).unroll(p.n).unroll(p.m);
  return p.finish(result, std::to_string(rows) + " x " + std::to_string(tile.vectors) + " vectors of " +
                              std::to_string(vector) + ", k by " + std::to_string(block) + " in " +
                              std::to_string(kChunks) + " chunks");
}

}  // namespace kcc
