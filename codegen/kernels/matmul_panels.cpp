// Products of many rows: b is packed into panels whose lines lie one after another, which rows that are a power of two
// apart do not in a cache. Tiles are wide and high enough that a panel comes from the second cache as fast as they use
// it. Where a does not stay there either, blocks of its rows pass by all panels, which are packed once; else each panel
// passes by all rows.
#include <algorithm>
#include <optional>

#include "codegen/kernels/matmul_panel.h"

namespace kcc {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

namespace {

// Elements that stay in the second cache beside others.
constexpr int64_t kCached = int64_t{1} << 18;
// So many rows pay for packing a b that need not be turned.
constexpr int64_t kManyRows = 64;

struct Tile {
  int rows = 1;
  VectorTile columns;
};

int64_t covered(int64_t extent, int64_t tile) {
  return (extent + tile - 1) / tile * tile;
}

// The shape of a tile that computes least in vain.
Tile choose_tile_shape(const Product& p) {
  using Shapes = std::vector<std::pair<int, int>>;
  const Shapes shapes =
      p.target.registers == 32 ? Shapes{{8, 3}, {12, 2}, {14, 2}, {10, 2}, {6, 4}} : Shapes{{4, 3}, {6, 2}, {5, 2}};
  const int64_t rows = p.usual_size(p.rows);
  Tile best;
  int64_t least = 0;
  for (const auto& [height, vectors] : shapes) {
    const VectorTile width{p.target.lanes, vectors};
    if (width.width() > p.columns.size) continue;
    const int64_t area = covered(rows, height) * covered(p.columns.size, width.width());
    if (least == 0 || area < least) best = {height, width}, least = area;
  }
  return best;
}

// Rows of tiles that pass by each panel; 0: all.
int64_t usual_blocks(const Product& p) {
  if (p.usual_size(p.rows) * p.depth.size <= kCached) return 0;
  return p.depth.size * p.columns.size <= kCached ? 1 : 8;
}

}  // namespace

bool fills_panels(const Product& p) {
  if (p.exact || p.transpose_a || p.depth.batched || !p.rows.batched) return false;
  return p.columns.size >= 2 * p.target.lanes;
}

BuiltKernel build_panels(Product& p) {
  Tile tile = choose_tile_shape(p);
  tile.columns = pick_vectors(p.choices, tile.columns, p.columns.size, p.target.lanes, 4, false);
  tile.rows = p.pick_rows(tile.rows, tile.columns.vectors);
  const int64_t blocks = p.choices.pick("blocks", usual_blocks(p), {0, 1, 2, 4, 8, 16});
  const bool packs = p.transpose_b || p.choices.pick("pack", p.usual_size(p.rows) >= kManyRows, {0, 1}) == 1;
  std::optional<Panel> panel;
  if (packs) panel.emplace(p);
  // Rows that do not fill a tile pass by a turned panel, or by b itself, one at a time.
  const Expr fills = p.lowering.extent(p.rows) >= tile.rows;
  const bool apart = packs && !p.transpose_b;
  Func sum("sum"), tiled("tiled"), single("single");
  RDom k(0, narrow(p.depth.size), "k");
  tiled(p.n, p.m) = 0.0f;
  tiled(p.n, p.m) += p.a(p.m, k) * (packs ? panel->at(p.n, k) : p.b(k, p.n));
  single(p.n, p.m) = 0.0f;
  single(p.n, p.m) += p.a(p.m, k) * p.b(k, p.n);
  sum(p.n, p.m) = apart ? strict(Halide::select(fills, tiled(p.n, p.m), single(p.n, p.m))) : tiled(p.n, p.m);
  Result result = p.results(sum);

  Func out = result.func;
  Var ni("ni"), mi("mi"), block("block");
  const int vector = tile.columns.lanes;
  const bool divides = p.columns.size % tile.columns.width() == 0;
  const VectorTile wide = choose_vectors(p.columns.size, vector, p.target.registers == 32 ? 8 : 4, false);
  Stage full = out.specialize(fills);
  full.split(p.n, p.n, ni, tile.columns.width(), divides ? TailStrategy::Auto : TailStrategy::ShiftInwards);
  full.vectorize(ni, vector).unroll(ni);
  full.split(p.m, p.m, mi, tile.rows, TailStrategy::ShiftInwards).unroll(mi);
  if (blocks > 0) {
    full.split(p.m, block, p.m, narrow(blocks), TailStrategy::GuardWithIf);
    full.reorder(ni, mi, p.m, p.n, block).parallel(block);
    if (packs) panel->compute_root();
  } else {
    full.reorder(ni, mi, p.m, p.n).parallel(p.n);
    if (packs) panel->compute_at(out, p.n);
  }
  out.split(p.n, p.n, ni, wide.width(),
            p.columns.size % wide.width() == 0 ? TailStrategy::Auto : TailStrategy::ShiftInwards);
  out.vectorize(ni, vector).unroll(ni).reorder(ni, p.m, p.n).parallel(p.n);
  for (Func f : {tiled, single}) {
    if (!apart && f.name() == single.name()) continue;
    f.compute_at(out, p.m).store_in(MemoryType::Stack);
    f.vectorize(p.n, vector).unroll(p.n).unroll(p.m);
    f.update().reorder(p.n, p.m, k).vectorize(p.n, vector).unroll(p.n).unroll(p.m);
  }
  return p.finish(result, (packs ? panel->text() : "") + std::to_string(tile.rows) + " x " +
                              std::to_string(tile.columns.vectors) + " vectors of " + std::to_string(vector) +
                              (blocks > 0 ? ", by " + std::to_string(blocks) + " rows of tiles" : ""));
}

}  // namespace kcc
