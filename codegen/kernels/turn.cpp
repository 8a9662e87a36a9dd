#include "codegen/kernels/turn.h"

#include <algorithm>
#include <set>

namespace kcc {

using Halide::Expr;
using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

namespace {

constexpr int64_t kTile = 16;  // elements: a cache line of f32
constexpr int64_t kFew = 4;    // so few are interleaved in registers

Expr step_along(const Expr& index, const Expr& x, const std::string& name) {
  using namespace Halide::Internal;
  return simplify(substitute(name, x + 1, index) - index);
}

bool is_one(const Expr& step) {
  return Halide::Internal::is_const_one(step) || Halide::Internal::can_prove(step == 1);
}

// The variable, other than the last, along which the read is dense.
std::optional<size_t> dense_variable(const Read& read, const Vars& vars) {
  const Var& last = vars.back();
  if (read.index.empty() || Halide::Internal::expr_uses_var(read.index.back(), last.name())) return std::nullopt;
  for (size_t i = 0; i + 1 < vars.size(); ++i)
    if (Halide::Internal::expr_uses_var(read.index.back(), vars[i].name()) &&
        is_dense_along(read, vars[i], vars[i].name()))
      return i;
  return std::nullopt;
}

}  // namespace

bool is_dense_along(const Read& read, const Expr& x, const std::string& name) {
  for (size_t d = 0; d < read.index.size(); ++d) {
    if (!Halide::Internal::expr_uses_var(read.index[d], name)) continue;
    if (d + 1 < read.index.size() || !is_one(step_along(read.index[d], x, name))) return false;
  }
  return true;
}

std::optional<Turn> find_turn(const Lowering& lowering, const Vars& vars, const Shape& extents) {
  if (vars.size() < 2 || extents.back().batched) return std::nullopt;
  Turn turn;
  std::set<size_t> turned, others;
  for (const Read& read : lowering.reads()) {
    if (is_dense_along(read, vars.back(), vars.back().name())) {
      others.insert(read.operand);
      continue;
    }
    const std::optional<size_t> along = dense_variable(read, vars);
    if (!along || (!turned.empty() && *along != turn.along) || extents[*along].batched) return std::nullopt;
    turn.along = *along;
    if (!turned.insert(read.operand).second) others.insert(read.operand);  // maybe elsewhere: read where it lies
  }
  if (turned.empty()) return std::nullopt;
  std::set_difference(turned.begin(), turned.end(), others.begin(), others.end(), std::back_inserter(turn.operands));
  return turn;
}

TurnedLoops schedule_turn(Func f, Lowering& lowering, const Turn& turn, const Vars& vars, const Shape& extents,
                          const MachineTarget& target, bool exact) {
  const Var x = vars.back(), y = vars[turn.along];
  const int64_t width = extents.back().size, height = extents[turn.along].size;
  const bool few_written = width <= kFew, few_read = height <= kFew;
  const int64_t tile_x = few_written ? width : std::min<int64_t>(few_read ? target.lanes : kTile, width);
  const int64_t tile_y = few_read ? height : std::min<int64_t>(few_written ? target.lanes : kTile, height);
  Var xo("xo"), xi("xi"), yo("yo"), yi("yi");
  const auto split = [&](const Var& v, const Var& outer, const Var& inner, int64_t extent, int64_t tile) {
    const TailStrategy tail = exact ? TailStrategy::GuardWithIf : TailStrategy::ShiftInwards;
    f.split(v, outer, inner, static_cast<int>(tile), extent % tile == 0 ? TailStrategy::Auto : tail);
  };
  split(x, xo, xi, width, tile_x);
  split(y, yo, yi, height, tile_y);
  std::vector<VarOrRVar> order{xi, yi, xo};
  for (size_t i = vars.size() - 1; i-- > 0;) order.push_back(i == turn.along ? yo : vars[i]);
  f.reorder(order);
  const Var outermost = turn.along == 0 ? yo : vars[0];
  if (few_written) {
    f.unroll(xi).vectorize(yi);
    return {outermost, "turned, " + std::to_string(width) + " interleaved"};
  }
  if (few_read) {
    f.vectorize(xi).unroll(yi);
    return {outermost, "turned, " + std::to_string(height) + " taken apart"};
  }
  if (tile_x % 8 == 0) f.unroll(xi, 8);
  for (size_t operand : turn.operands) {
    Func tile = lowering.operand(operand).in(f);
    tile.compute_at(f, xo).store_in(Halide::MemoryType::Stack);
    const int lanes = static_cast<int>(std::min<int64_t>(target.lanes, tile_y));
    tile.vectorize(tile.args()[0], lanes, TailStrategy::GuardWithIf);
  }
  return {outermost, "turned, tiles of " + std::to_string(tile_x) + " x " + std::to_string(tile_y)};
}

}  // namespace kcc
