// Chooses how a product is computed. Numbers: bench/kernels.cpp, and shared/reference/halide.md for the probes that
// chose the tiles.
#include "codegen/kernels/matmul.h"

#include <algorithm>

#include "codegen/kernels/gates.h"
#include "compiler/ops/panels.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;

// From this depth on a panel of b no longer stays in the second cache.
constexpr int64_t kLongDepth = 2048;
// Fewer rows do not pay for transposing b, with k from kDeep on and below.
constexpr int64_t kFewRows = 8, kFewDeepRows = 24, kDeep = 256;
// Elements of a tile that leave room in the first cache.
constexpr int64_t kSmallTile = 8192;
// So many rows, and elements of a b that does not stay in the first cache, pay for wide tiles.
constexpr int64_t kManyRows = 8, kLargeB = 8192;
// So many rows of b pay for strips where tiles divide the result as well.
constexpr int64_t kDeepStrips = 64;

BuiltKernel build_plain(Product& p) {
  Func sum("sum");
  RDom k(0, p.lowering.extent(p.depth), "k");
  sum(p.n, p.m) = 0.0f;
  sum(p.n, p.m) += p.a(p.m, k) * p.b(k, p.n);
  sum.compute_root();
  return p.finish(p.results(sum), "plain loops");
}

bool few_rows(const Product& p) {
  return p.usual_size(p.rows) < (p.depth.size >= kDeep ? kFewDeepRows : kFewRows);
}

// The lines of a tile stay in the first cache for all rows.
bool prefers_lines(const Product& p) {
  return few_rows(p) && (p.usual_size(p.rows) == 1 || p.depth.size * p.target.lanes <= kSmallTile);
}

// A single column lies as a row does.
bool is_dot_of_rows(const Product& p) {
  return !p.transpose_a && !p.depth.batched && !p.columns.batched && p.columns.size == 1 &&
         p.depth.size >= 4 * p.target.lanes;
}

bool prefers_panels(const Product& p) {
  return p.usual_size(p.rows) >= kManyRows && p.depth.size * p.columns.size > kLargeB;
}

// Where tiles do not divide the result, they would go through scratch as a whole.
bool prefers_strips(const Product& p) {
  const VectorTile tile = choose_vectors(p.columns.size, p.target.lanes, p.target.registers == 32 ? 4 : 2, true);
  return p.columns.size % tile.width() != 0 || p.usual_size(p.depth) >= kDeepStrips;
}

}  // namespace

Product::Product(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
    : kernel(kernel), target(target), options(options), choices(options), lowering(kernel.body) {
  const Node& node = kernel.body[kernel.anchor];
  KCC_CHECK(node.op == OpKind::kMatMul, "a product");
  a_ = node.inputs[0];
  b_ = node.inputs[1];
  transpose_a = node.attrs.integer("transpose_a") != 0;
  transpose_b = node.attrs.integer("transpose_b") != 0;
  rows = node.type.shape[0];
  columns = node.type.shape[1];
  depth = kernel.body[a_].type.shape[transpose_a ? 0 : 1];
  exact = may_overwrite_operands(kernel.body);
  if (has_panels(kernel.body, node)) packed = kernel.body[b_].type.shape;
}

Expr Product::a(const Expr& m, const Expr& k) {
  return lowering.at(a_, transpose_a ? Index{k, m} : Index{m, k});
}

Expr Product::b(const Expr& k, const Expr& n) {
  if (packed.empty()) return lowering.at(b_, transpose_b ? Index{n, k} : Index{k, n});
  const int32_t lanes = narrow(packed[3].size), units = narrow(columns.size / packed[2].size);
  if (packed[2].is_one()) return lowering.at(b_, {n / lanes, k, 0, n % lanes});
  return lowering.at(b_, {n % units / lanes, k, n / units, n % lanes});
}

Result Product::results(const Func& sum) {
  lowering.bind(kernel.anchor, [sum](const Index& index) { return sum(index[1], index[0]); });
  const Vars vars{m, n};
  return define_result(Func("result"), strict(lowering.outputs_at(as_index(vars))), vars, Shape{rows, columns},
                       lowering);
}

BuiltKernel Product::finish(const Result& result, std::string schedule) {
  BuiltKernel built;
  built.pipeline = Halide::Pipeline(result.func);
  built.arguments = lowering.arguments();
  built.schedule = std::move(schedule);
  built.choices = choices.taken();
  return built;
}

int Product::tile_rows(int vectors) const {
  const int registers = target.registers == 32 ? 24 : 12;
  int tile = std::max(1, std::min(registers / vectors, 8));
  if (target.registers == 32 && vectors == 4) tile = 4;
  if (rows.batched) return tile;
  while (tile > 1 && rows.size % tile != 0 && (exact || rows.size < tile)) --tile;
  return tile;
}

VectorTile Product::pick_tile(bool dividing) {
  const int most = target.registers == 32 ? 4 : 2;
  if (!packed.empty()) return choose_vectors(packed[3].size, target.lanes, most, true);
  const VectorTile usual = choose_vectors(columns.size, target.lanes, most, dividing);
  return pick_vectors(choices, usual, columns.size, target.lanes, most, dividing && columns.size % usual.width() == 0);
}

int Product::pick_rows(int usual, int vectors, bool dividing) {
  const int64_t room = target.registers == 32 ? 28 : 14;
  const auto legal = [&](int64_t tile) {
    if (tile * vectors > room || 4 * tile * vectors < room) return false;
    return rows.batched || (tile <= rows.size && (!exact || !dividing || rows.size % tile == 0));
  };
  return static_cast<int>(choices.pick("rows", usual, numbers(1, 16, legal)));
}

void Product::vectorize_exactly(Func f, int lanes) const {
  f.vectorize(n, lanes, columns.size % lanes == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf);
}

BuiltKernel build_matmul(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  if (gates_of(kernel) > 1) return build_gates(kernel, target, options);
  Product p(kernel, target, options);
  if (options.level == 0 || p.columns.batched) return build_plain(p);
  if (!p.packed.empty()) return build_tiles(p);
  if (is_dot_of_rows(p)) return build_dot(p);
  if (is_single_column(p)) return build_single_column(p);
  if (p.depth.size >= kLongDepth && fills_long_depth(p)) return build_long_depth(p);
  if (p.transpose_a && !p.transpose_b && p.usual_size(p.depth) >= kLongDepth && has_step_blocks(p))
    return build_step_blocks(p);
  if (fills_strips(p) && p.choices.pick("strips", prefers_strips(p), {0, 1}) == 1) return build_strips(p);
  if (fills_dot_lines(p) && p.choices.pick("lines", prefers_lines(p), {0, 1}) == 1) return build_dot_lines(p);
  if (p.transpose_b && !p.depth.batched && p.depth.size >= 4 * target.lanes &&
      p.choices.pick("dot", few_rows(p), {0, 1}) == 1)
    return build_dot(p);
  if (fills_panels(p) && p.choices.pick("panels", prefers_panels(p), {0, 1}) == 1) return build_panels(p);
  return build_tiles(p);
}

}  // namespace kcc
