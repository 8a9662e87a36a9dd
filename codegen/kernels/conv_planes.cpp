// Convolutions of few channels into few: vectors of channels would leave most lanes empty, so vectors run along x. The
// source's rows are taken apart into a plane a channel, with the zeros of the padding around, in a ring that slides
// with y; sums stay in registers a plane a channel too and are interleaved as they are stored.
#include <algorithm>

#include "codegen/kernels/conv.h"
#include "codegen/kernels/schedule.h"

namespace kcc {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

namespace {

// So few channels are taken apart and interleaved in registers.
constexpr int64_t kFew = 4;
// Rows of y that one task computes.
constexpr int64_t kTaskRows = 8;

}  // namespace

bool TiledProduct::is_planar() const {
  const int64_t width = product_.extents.back();
  return product_.groups == 1 && has_taps_ && product_.step.back() == 1 && product_.source_channels <= kFew &&
         product_.channels <= kFew && 2 * product_.channels <= target_.lanes && 2 * width >= target_.lanes;
}

// Zeros, then the rows of the source: a loop over the source's own positions needs no comparison in x.
void TiledProduct::define_planes() {
  const Index at = as_index(vars_.all());
  const size_t rank = product_.taps.size();
  padded_(reversed(at)) = 0.0f;
  copied_ = RDom(0, narrow(product_.source_channels), 0, narrow(product_.source.back()), "copied");
  Index to = at, from = at;
  to.back() = from.back() = copied_.x;
  to[rank] = from[rank] = copied_.y;
  Expr inside = Halide::Internal::const_true();
  for (size_t d = 0; d + 1 < rank; ++d) {
    const Expr p = vars_.spatial[d];
    inside = inside && p >= 0 && p < narrow(product_.source[d]);
    from[d + 1] = Halide::clamp(p, 0, narrow(product_.source[d] - 1));
  }
  padded_(reversed(to)) = Halide::select(inside, product_.read(from), 0.0f);
}

void TiledProduct::schedule_planes(Func out, bool parallel, Choices& choices) {
  const size_t rank = product_.taps.size();
  const Var c = vars_.c, x = vars_.spatial.back();
  const int64_t channels = product_.channels, width = product_.extents.back();
  const int64_t lanes = std::min<int64_t>(target_.lanes, width);
  // Vectors of x, then rows, until the registers are full.
  const int64_t room = (target_.registers == 32 ? 24 : 10) / channels;
  const auto vectors_fit = [&](int64_t n) { return n <= room && n * lanes <= width; };
  const int64_t most = std::max<int64_t>(1, std::min(room, width / lanes));
  const int64_t usual = choose_tile((width + lanes - 1) / lanes, (most + 1) / 2, most);
  const int64_t vectors = choices.pick("columns", vectors_fit(usual) ? usual : most, numbers(1, room, vectors_fit));
  const bool has_y = rank >= 2;
  const int64_t height = has_y ? product_.extents[rank - 2] : 1;
  const auto rows_fit = [&](int64_t n) { return height % n == 0 && n * vectors <= room; };
  const int64_t rows = has_y ? choices.pick("rows", largest_divisor(height, std::max<int64_t>(1, room / vectors)),
                                            numbers(1, room, rows_fit))
                             : 1;
  const int64_t columns = lanes * vectors;
  Var xi("xi"), xv("xv"), yi("yi"), block("block"), inside("inside");
  out.bound(c, 0, narrow(channels));
  for (size_t d = 0; d < rank; ++d) out.bound(vars_.spatial[d], 0, narrow(product_.extents[d]));
  out.split(x, x, xi, narrow(columns), width % columns == 0 ? TailStrategy::Auto : TailStrategy::ShiftInwards);
  out.split(xi, xv, xi, narrow(lanes));
  std::vector<VarOrRVar> order{c, xi, xv};
  Var y = has_y ? vars_.spatial[rank - 2] : Var("none");
  if (rows > 1) {
    out.split(y, y, yi, narrow(rows));
    order.push_back(yi);
  }
  order.push_back(x);
  const int64_t task = std::max<int64_t>(1, kTaskRows / rows);
  const bool blocks = has_y && parallel && height / rows > 2 * task;
  if (blocks) {
    out.split(y, block, inside, narrow(task), TailStrategy::GuardWithIf);
    y = inside;
  }
  if (has_y) order.push_back(y);
  if (blocks) order.push_back(block);
  for (size_t d = rank >= 2 ? rank - 2 : 0; d-- > 0;) order.push_back(vars_.spatial[d]);
  order.push_back(vars_.n);
  out.reorder(order).unroll(c).vectorize(xi).unroll(xv);
  if (rows > 1) out.unroll(yi);
  const VarOrRVar before_n = order[order.size() - 2];
  if (parallel && (blocks || rank >= 3))
    parallel_over(out, before_n, vars_.n);
  else if (parallel)
    out.parallel(vars_.n);

  const auto unroll_tile = [&](Stage stage) {
    stage.vectorize(x, narrow(lanes)).unroll(x).unroll(c);
    if (rows > 1) stage.unroll(vars_.spatial[rank - 2]);
  };
  sum_.compute_at(out, x).store_in(MemoryType::Stack).reorder_storage(x, c);
  unroll_tile(sum_);
  Stage update = sum_.update();
  std::vector<VarOrRVar> inner{x, c};
  for (size_t d = rank - 1; d-- > 0;) inner.push_back(vars_.spatial[d]);
  for (int d = 0; d < r_.dimensions(); ++d) inner.push_back(r_[d]);
  update.reorder(inner);
  unroll_tile(update);

  padded_.reorder_storage(x, c).bound_storage(c, narrow(product_.source_channels));
  padded_.vectorize(x, narrow(lanes), TailStrategy::RoundUp);
  const int64_t row = product_.source.back();
  const int copied_lanes = narrow(std::min<int64_t>(target_.lanes, row));
  padded_.update().unroll(copied_.x).vectorize(
      copied_.y, copied_lanes, row % copied_lanes == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf);
  if (has_y) {
    padded_.compute_at(out, y);
    // Rows slide along y inside a task.
    if (blocks && rank == 2) padded_.store_at(out, Var("both"));
  } else {
    padded_.compute_at(out, vars_.n);
  }
  text_ = std::to_string(rows) + " x " + std::to_string(vectors) + " vectors of " + std::to_string(lanes) +
          " columns, channels in planes";
}

}  // namespace kcc
