// Tiles of MR rows and NV vectors of columns stay in registers while all of k runs. Vectors run along n straight from
// b; a transposed b is turned first, a panel of columns at a time. NN with a small b: k in two halves, side by side
// where there are few rows, which would wait for each addition.
#include <optional>

#include "codegen/kernels/matmul_panel.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

// Elements of a b that stays in the first cache, and a depth that is worth halving.
constexpr int64_t kSmall = 8192, kHalved = 16;

class Tiles {
 public:
  explicit Tiles(Product& product) : p(product) {}

  BuiltKernel build() {
    const VectorTile tile = p.pick_tile(p.exact);
    const int rows = p.pick_rows(p.tile_rows(tile.vectors), tile.vectors);
    std::string text =
        std::to_string(rows) + " x " + std::to_string(tile.vectors) + " vectors of " + std::to_string(tile.lanes);
    if (rows > 1 && may_halve()) return p.finish(halves(tile, rows), text + ", k in halves");
    std::optional<Panel> panel;
    if (p.transpose_b) panel.emplace(p);
    Func sum("sum");
    RDom k(0, p.lowering.extent(p.depth), "k");
    sum(p.n, p.m) = 0.0f;
    sum(p.n, p.m) += p.a(p.m, k) * (panel ? panel->at(p.n, k) : p.b(k, p.n));
    if (panel) text = panel->text() + text;
    if (p.exact && !tiles_divide(tile, rows))
      return p.finish(through_scratch(sum, panel, k, tile, rows), text + ", through scratch");
    Result result = p.results(sum);
    schedule_tiles(result.func, tile, rows);
    schedule_sum(result.func, sum, k, tile);
    if (panel) place(*panel, result.func);
    return p.finish(result, text);
  }

 private:
  // Whether tiles cover the result without computing an element twice.
  bool tiles_divide(const VectorTile& tile, int rows) const {
    return p.columns.size % tile.width() == 0 && (!p.rows.batched && p.rows.size % rows == 0);
  }

  // Also a batch of one row is computed by such a kernel.
  bool may_halve() const {
    return p.rows.batched && !p.transpose_a && !p.transpose_b && !p.depth.batched && p.depth.size % 2 == 0 &&
           p.depth.size >= kHalved && p.depth.size * p.columns.size <= kSmall;
  }

  // The sums over both halves of k are chains of their own. A tile of rows has registers for one at a time; rows that
  // are fewer run both together. The additions, and so the bits, are the same.
  Result halves(const VectorTile& tile, int rows) {
    const int32_t half = narrow(p.depth.size / 2);
    Var h("h");
    RDom k(0, half, "k");
    Func tiled("tiled"), single("single"), sum("sum");
    for (Func f : {tiled, single}) {
      f(p.n, p.m, h) = 0.0f;
      f(p.n, p.m, h) += p.a(p.m, h * half + k) * p.b(h * half + k, p.n);
    }
    const auto both = [&](Func f) { return f(p.n, p.m, 0) + f(p.n, p.m, 1); };
    sum(p.n, p.m) = strict(Halide::select(fills_tile(rows), both(tiled), both(single)));
    Result result = p.results(sum);
    schedule_tiles(result.func, tile, rows);
    for (Func f : {tiled, single}) {
      f.compute_at(result.func, p.m).store_in(MemoryType::Stack);
      f.vectorize(p.n, tile.lanes).unroll(p.n).unroll(p.m).unroll(h);
    }
    tiled.update().reorder(p.n, p.m, k, h).vectorize(p.n, tile.lanes).unroll(p.n).unroll(p.m).unroll(h);
    single.update().reorder(p.n, p.m, h, k).vectorize(p.n, tile.lanes).unroll(p.n).unroll(p.m).unroll(h);
    return result;
  }

  void place(Panel& panel, const Func& out) {
    if (p.transpose_a)
      panel.compute_root();
    else
      panel.compute_at(out, p.n);
  }

  // The product in scratch as a whole, then the epilogue: each result is written once.
  Result through_scratch(const Func& sum, std::optional<Panel>& panel, const RDom& k, const VectorTile& tile,
                         int rows) {
    Func whole("whole");
    whole(p.n, p.m) = sum(p.n, p.m);
    whole.compute_root().bound(p.n, 0, narrow(p.columns.size));
    schedule_tiles(whole, tile, rows);
    schedule_sum(whole, sum, k, tile);
    if (panel) place(*panel, whole);
    Result result = p.results(whole);
    p.vectorize_exactly(result.func, tile.lanes);
    return result;
  }

  Expr fills_tile(int rows) const { return p.lowering.extent(p.rows) >= rows; }

  // Tiles of the result; batches of fewer rows a row at a time.
  void schedule_tiles(Func out, const VectorTile& tile, int rows) {
    const bool divides = p.columns.size % tile.width() == 0;
    Var ni("ni"), mi("mi"), task("task");
    out.split(p.n, p.n, ni, tile.width(), divides ? TailStrategy::Auto : TailStrategy::ShiftInwards);
    out.vectorize(ni, tile.lanes).unroll(ni);
    // dW is written in whole lines: row tiles outermost. Otherwise the panel of b stays while rows pass.
    const bool rows_outermost = p.transpose_a;
    if (rows > 1) {
      Stage full = p.rows.batched ? out.specialize(fills_tile(rows)) : Stage(out);
      full.split(p.m, p.m, mi, rows, TailStrategy::ShiftInwards).unroll(mi);
      if (rows_outermost)
        full.reorder(ni, mi, p.n, p.m).parallel(p.m);
      else
        full.reorder(ni, mi, p.m, p.n).parallel(p.n);
    }
    if (rows == 1 || p.rows.batched) {
      if (rows_outermost)
        out.reorder(ni, p.n, p.m).parallel(p.m);
      else
        out.reorder(ni, p.m, p.n).parallel(p.n);
    }
  }

  // A tile's sums stay in registers while k runs.
  void schedule_sum(const Func& out, Func sum, const RDom& k, const VectorTile& tile) {
    sum.compute_at(out, p.transpose_a ? p.n : p.m).store_in(MemoryType::Stack);
    sum.vectorize(p.n, tile.lanes).unroll(p.n).unroll(p.m);
    sum.update().reorder(p.n, p.m, k).vectorize(p.n, tile.lanes).unroll(p.n).unroll(p.m);
  }

  Product& p;
};

}  // namespace

BuiltKernel build_tiles(Product& p) {
  return Tiles(p).build();
}

}  // namespace kcc
