// Products with b as it lies, transposed, for few rows: lanes of partial sums along k, added up at the end.
#include <algorithm>

#include "codegen/kernels/matmul.h"

namespace kcc {
using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

// Tiles of MR rows and NR columns.
BuiltKernel build_dot(Product& p) {
  const int lanes = p.target.lanes;
  const int max_columns = p.target.registers == 32 ? 6 : 3, max_rows = p.columns.size == 1        ? 8
                                                                       : p.target.registers == 32 ? 4
                                                                                                  : 3;
  const bool fixed_rows = !p.rows.batched;
  const int rows = p.pick_rows(fixed_rows ? static_cast<int>(std::min<int64_t>(max_rows, p.rows.size)) : max_rows,
                               static_cast<int>(std::min<int64_t>(3, p.columns.size)));
  const auto fits = [&](int64_t n) { return n <= p.columns.size && n * rows <= p.target.registers; };
  const int columns =
      static_cast<int>(p.choices.pick("columns", std::min<int64_t>(max_columns, p.columns.size), numbers(1, 8, fits)));
  Var lane("lane"), ni("ni"), mi("mi");
  Func partial("partial"), sum("sum"), product("product");
  RDom k(0, narrow(p.depth.size / lanes), "k"), l(0, lanes, "l");
  partial(lane, p.n, p.m) = 0.0f;
  partial(lane, p.n, p.m) += p.a(p.m, k * lanes + lane) * p.b(k * lanes + lane, p.n);
  sum(p.n, p.m) = 0.0f;
  sum(p.n, p.m) += partial(l, p.n, p.m);
  const int64_t rest = p.depth.size % lanes;
  RDom t(0, narrow(std::max<int64_t>(1, rest)), "t");
  if (rest > 0) sum(p.n, p.m) += p.a(p.m, narrow(p.depth.size - rest) + t) * p.b(narrow(p.depth.size - rest) + t, p.n);
  product(p.n, p.m) = sum(p.n, p.m);
  const bool through = p.exact && (p.columns.size % columns != 0 || !fixed_rows || p.rows.size % rows != 0);
  Result result = p.results(through ? product : sum);
  Func out = through ? product : result.func;
  if (through) {
    product.compute_root().bound(p.n, 0, narrow(p.columns.size));
    p.vectorize_exactly(result.func, static_cast<int>(std::min<int64_t>(lanes, p.columns.size)));
  }
  out.split(p.n, p.n, ni, columns, p.columns.size % columns == 0 ? TailStrategy::Auto : TailStrategy::ShiftInwards)
      .unroll(ni);
  if (rows > 1) {
    Stage full = fixed_rows ? Stage(out) : out.specialize(p.lowering.extent(p.rows) >= rows);
    full.split(p.m, p.m, mi, rows, TailStrategy::ShiftInwards).reorder(ni, mi, p.m, p.n).unroll(mi).parallel(p.n);
  }
  if (rows == 1 || !fixed_rows) out.reorder(ni, p.m, p.n).parallel(p.n);
  sum.compute_at(out, p.m).store_in(MemoryType::Stack).unroll(p.n).unroll(p.m);
  sum.update(0).reorder(l, p.n, p.m).atomic().vectorize(l).unroll(p.n).unroll(p.m);
  if (rest > 0) sum.update(1).reorder(p.n, p.m, t).unroll(p.n).unroll(p.m);
  partial.compute_at(out, p.m).store_in(MemoryType::Stack).vectorize(lane).unroll(p.n).unroll(p.m);
  partial.update().reorder(lane, p.n, p.m, k).vectorize(lane).unroll(p.n).unroll(p.m);
  return p.finish(result, "dot, " + std::to_string(rows) + " x " + std::to_string(columns) + " columns");
}

}  // namespace kcc
