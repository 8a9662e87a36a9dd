// Products with b as it lies, transposed, for few rows: a row of a by as many lines of b as a vector has lanes. Their
// partial sums are folded in halves, two lines into one vector, until one vector holds all the sums.
#include <algorithm>

#include "codegen/kernels/matmul.h"

namespace kcc {

using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::Var;

bool fills_dot_lines(const Product& p) {
  return p.transpose_b && !p.exact && !p.depth.batched && p.depth.size >= 2 * p.target.lanes &&
         p.columns.size % p.target.lanes == 0;
}

BuiltKernel build_dot_lines(Product& p) {
  const int lanes = p.target.lanes;
  const int rest = narrow(p.depth.size % lanes);
  Var lane("lane"), line("line"), group("group"), half("half"), ni("ni");
  RDom k(0, narrow(p.depth.size / lanes), "k"), t(0, std::max(1, rest), "t");
  Func partial("partial"), sum("sum");
  partial(lane, line, group, p.m) = 0.0f;
  partial(lane, line, group, p.m) += p.a(p.m, k * lanes + lane) * p.b(k * lanes + lane, group * lanes + line);
  // folded(2 i + h, j) = the lanes i and i + L/2 of line j + h L/2, so that lanes end in the order of lines.
  std::vector<Func> folds{partial};
  for (int lines = lanes / 2; lines > 0; lines /= 2) {
    Func folded("folded");
    const Func from = folds.back();
    const Halide::Expr of = line + lane % 2 * lines;
    folded(lane, line, group, p.m) = from(lane / 2, of, group, p.m) + from(lane / 2 + lanes / 2, of, group, p.m);
    folds.push_back(folded);
  }
  sum(p.n, p.m) = folds.back()(p.n % lanes, 0, p.n / lanes, p.m);
  if (rest > 0) sum(p.n, p.m) += p.a(p.m, narrow(p.depth.size) - rest + t) * p.b(narrow(p.depth.size) - rest + t, p.n);
  Result result = p.results(sum);

  Func out = result.func;
  out.split(p.n, p.n, ni, lanes).vectorize(ni).reorder(ni, p.m, p.n).parallel(p.n);
  sum.compute_at(out, p.m).store_in(MemoryType::Stack).vectorize(p.n, lanes);
  if (rest > 0) sum.update().reorder(t, p.n).unroll(p.n);
  for (Func f : folds) f.compute_at(out, p.m).store_in(MemoryType::Stack).unroll(line);
  partial.vectorize(lane).update().reorder(lane, line, group, p.m, k).vectorize(lane).unroll(line);
  for (size_t i = 1; i < folds.size(); ++i)
    folds[i].bound(lane, 0, lanes).split(lane, lane, half, 2).reorder(half, lane, line).vectorize(lane).unroll(half);
  return p.finish(result, "dot, 1 x " + std::to_string(lanes) + " columns");
}

}  // namespace kcc
