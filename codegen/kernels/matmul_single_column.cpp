// The gradient of a single column of weights: vectors along the rows of the result, which lie as a's columns do.
#include <algorithm>

#include "codegen/kernels/matmul.h"

namespace kcc {

using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

bool is_single_column(const Product& p) {
  return p.transpose_a && !p.columns.batched && p.columns.size == 1 && !p.rows.batched && p.rows.size >= p.target.lanes;
}

BuiltKernel build_single_column(Product& p) {
  const int lanes = p.target.lanes;
  int vectors = 8;
  while (vectors > 1 && p.rows.size < vectors * lanes) vectors /= 2;
  Func sum("sum");
  RDom k(0, p.lowering.extent(p.depth), "k");
  sum(p.n, p.m) = 0.0f;
  sum(p.n, p.m) += p.a(p.m, k) * p.b(k, p.n);
  Func whole("whole");
  whole(p.n, p.m) = sum(p.n, p.m);
  Result result = p.results(whole);
  Var mo("mo"), mi("mi");
  const int tile = vectors * lanes;
  const bool divides = p.rows.size % tile == 0;
  result.func.split(p.m, mo, mi, tile, divides ? TailStrategy::Auto : TailStrategy::GuardWithIf)
      .reorder(mi, p.n, mo)
      .vectorize(mi, lanes)
      .parallel(mo);
  // Its last tile is shifted inwards: scratch may be computed twice.
  whole.compute_root().split(p.m, mo, mi, tile, divides ? TailStrategy::Auto : TailStrategy::ShiftInwards);
  whole.reorder(mi, p.n, mo).vectorize(mi, lanes).unroll(mi).parallel(mo);
  sum.compute_at(whole, mo).store_in(MemoryType::Stack);
  sum.vectorize(p.m, lanes).unroll(p.m);
  sum.update().reorder(p.m, p.n, k).vectorize(p.m, lanes).unroll(p.m);
  return p.finish(result, std::to_string(vectors) + " vectors of " + std::to_string(lanes) + " along rows");
}

}  // namespace kcc
