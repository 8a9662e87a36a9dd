// Products whose results may be written over what the epilogue reads, as weights that are updated by their gradient:
// a strip of rows of the product goes into scratch in tiles of any size, then through the epilogue, element by element.
#include <algorithm>

#include "codegen/kernels/matmul.h"

namespace kcc {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

namespace {

// Elements of a strip: with what the epilogue reads they stay in the first cache.
constexpr int64_t kStripElements = 8192;

}  // namespace

bool fills_strips(const Product& p) {
  return p.exact && p.transpose_a && !p.transpose_b && !p.rows.batched && p.columns.size >= p.target.lanes;
}

BuiltKernel build_strips(Product& p) {
  const VectorTile tile = p.pick_tile(false);
  const int vector = tile.lanes;
  const int registers = p.target.registers == 32 ? 24 : 12;
  const int rows = p.pick_rows(std::max(1, registers / tile.vectors), tile.vectors, false);
  const int64_t most = std::max<int64_t>(1, kStripElements / p.columns.size / rows) * rows;
  const int strip = static_cast<int>(std::min<int64_t>(most, (p.rows.size + rows - 1) / rows * rows));
  Var ni("ni"), mi("mi"), mo("mo");
  Func sum("sum"), whole("whole");
  RDom k(0, p.lowering.extent(p.depth), "k");
  const Expr row = p.rows.size % rows == 0 ? Expr(p.m) : Halide::min(p.m, narrow(p.rows.size) - 1);
  sum(p.n, p.m) = 0.0f;
  sum(p.n, p.m) += p.a(row, k) * p.b(k, p.n);
  whole(p.n, p.m) = sum(p.n, p.m);
  Result result = p.results(whole);
  p.vectorize_exactly(result.func, vector);
  result.func.split(p.m, mo, p.m, strip, p.rows.size % strip == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf)
      .parallel(mo);
  const bool divides = p.columns.size % tile.width() == 0;
  whole.compute_at(result.func, mo).bound_extent(p.n, narrow(p.columns.size));
  whole.split(p.n, p.n, ni, tile.width(), divides ? TailStrategy::Auto : TailStrategy::ShiftInwards)
      .split(p.m, p.m, mi, rows, TailStrategy::RoundUp)
      .reorder(ni, mi, p.n, p.m)
      .vectorize(ni, vector)
      .unroll(ni)
      .unroll(mi);
  sum.compute_at(whole, p.n).store_in(MemoryType::Stack);
  sum.vectorize(p.n, vector).unroll(p.n).unroll(p.m);
  sum.update().reorder(p.n, p.m, k).vectorize(p.n, vector).unroll(p.n).unroll(p.m);
  return p.finish(result, std::to_string(rows) + " x " + std::to_string(tile.vectors) + " vectors of " +
                              std::to_string(vector) + ", strips of " + std::to_string(strip) + " rows");
}

}  // namespace kcc
