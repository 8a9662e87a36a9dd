// Forward convolution, and the tiles it shares with the input gradient. A tile of columns (x) and two vectors of
// channels stays in registers while taps and source channels run; 14 x 2 of 32 registers, 6 x 2 of 16. Padding makes a
// copy of the rows a tile row needs, in a ring that slides with y. See shared/reference/halide.md, recipes 2 and 3.
#include "codegen/kernels/conv.h"

#include <algorithm>

#include "codegen/kernels/schedule.h"
#include "codegen/kernels/winograd.h"
#include "compiler/support/check.h"

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

// Rows of y that one task computes.
constexpr int kTaskRows = 8;

Integers spatial_sizes(const Shape& shape) {
  Integers sizes;
  for (size_t i = 1; i + 1 < shape.size(); ++i) sizes.push_back(shape[i].size);
  return sizes;
}

}  // namespace

ConvGeometry conv_geometry(const Graph& body, const Node& node) {
  const Shape first = body[node.inputs[0]].type.shape, second = body[node.inputs[1]].type.shape;
  const Shape own = node.type.shape;
  const bool weight_grad = node.op == OpKind::kConvWeightGrad, input_grad = node.op == OpKind::kConvInputGrad;
  const Shape& x = input_grad ? own : first;
  const Shape& y = input_grad ? first : weight_grad ? second : own;
  const Shape& w = weight_grad ? own : second;
  ConvGeometry g;
  for (size_t i = 0; i + 2 < w.size(); ++i) g.kernel.push_back(w[i].size);
  g.strides = node.attrs.integers("strides");
  g.dilations = node.attrs.integers("dilations");
  g.low = node.attrs.integers("low");
  g.high = node.attrs.integers("high");
  g.groups = node.attrs.integer("groups");
  g.input = spatial_sizes(x);
  g.output = spatial_sizes(y);
  g.channels = x.back().size;
  g.filters = y.back().size;
  return g;
}

Expr WindowProduct::first_source_channel(const Expr& result) const {
  const int64_t group_size = channels / groups;
  const Expr group = group_size == 1 ? result : result / narrow(group_size);
  return source_channels == 1 ? group : group * narrow(source_channels);
}

Vars ImageVars::all() const {
  Vars vars{n};
  vars.insert(vars.end(), spatial.begin(), spatial.end());
  vars.push_back(c);
  return vars;
}

ImageVars image_vars(size_t rank) {
  static constexpr const char* kNames[] = {"x", "y", "z"};
  KCC_CHECK(rank >= 1 && rank <= 3, "one, two or three spatial dimensions");
  ImageVars vars;
  for (size_t d = 0; d < rank; ++d) vars.spatial.emplace_back(kNames[rank - 1 - d]);
  return vars;
}

TiledProduct::TiledProduct(const WindowProduct& product, const ImageVars& vars, const MachineTarget& target)
    : product_(product), vars_(vars), target_(target), padded_("padded"), sum_("sum") {
  is_padded_ = needs_padding();
  for (int64_t taps : product_.taps) has_taps_ &= taps > 0;
  is_planar_ = is_planar();
  define();
}

bool TiledProduct::needs_padding() const {
  for (size_t d = 0; d < product_.taps.size(); ++d) {
    const int64_t reach = (product_.taps[d] - 1) * product_.tap_step[d];
    const int64_t first = product_.offset[d] + std::min<int64_t>(0, reach);
    const int64_t last =
        (product_.extents[d] - 1) * product_.step[d] + product_.offset[d] + std::max<int64_t>(0, reach);
    if (first < 0 || last >= product_.source[d]) return true;
  }
  return false;
}

void TiledProduct::define() {
  const Index at = as_index(vars_.all());
  sum_(reversed(at)) = 0.0f;
  if (!has_taps_) return;
  const size_t rank = product_.taps.size();
  if (is_planar_) {
    define_planes();
  } else if (is_padded_) {
    Index position = at;
    Expr inside;
    for (size_t d = 0; d < rank; ++d) {
      const Expr p = vars_.spatial[d];
      const Expr here = p >= 0 && p < narrow(product_.source[d]);
      inside = inside.defined() ? inside && here : here;
      position[d + 1] = Halide::clamp(p, 0, narrow(product_.source[d] - 1));
    }
    padded_(reversed(at)) = Halide::select(inside, product_.read(position), 0.0f);
  }
  // (channel, innermost tap, ..., outermost tap)
  Halide::Region region{{0, narrow(product_.source_channels)}};
  for (size_t d = rank; d-- > 0;) region.push_back({0, narrow(product_.taps[d])});
  r_ = RDom(region, "r");
  Index tap, position{vars_.n};
  for (size_t d = 0; d < rank; ++d) {
    tap.push_back(r_[static_cast<int>(rank - d)]);
    position.push_back(vars_.spatial[d] * narrow(product_.step[d]) + tap[d] * narrow(product_.tap_step[d]) +
                       narrow(product_.offset[d]));
  }
  position.push_back(product_.groups == 1 ? Expr(r_.x) : product_.first_source_channel(vars_.c) + r_.x);
  const Expr source = is_padded_ || is_planar_ ? Expr(padded_(reversed(position))) : product_.read(position);
  sum_(reversed(at)) += product_.weight(r_.x, tap, vars_.c) * source;
}

void TiledProduct::schedule_plain() {
  if ((is_padded_ || is_planar_) && has_taps_) padded_.compute_root();
  sum_.compute_root();
  text_ = "plain loops";
}

void TiledProduct::schedule(Func out, bool parallel, int64_t max_tile, Choices& choices) {
  if (is_planar_) return schedule_planes(out, parallel, choices);
  const size_t rank = product_.taps.size();
  const bool grouped = product_.groups > 1 && !product_.depthwise();
  int64_t window = 1;
  for (int64_t taps : product_.taps) window *= taps;
  const bool wide = target_.registers == 32;
  const int max_vectors = window == 1 && wide && !product_.depthwise() ? 4 : 2;
  const VectorTile tile =
      grouped ? choose_group_vectors(product_.channels / product_.groups, target_.lanes, max_vectors)
              : pick_vectors(choices, choose_vectors(product_.channels, target_.lanes, max_vectors, false),
                             product_.channels, target_.lanes, wide ? 4 : 3, false);
  const int64_t width_x = product_.extents.back();
  const int64_t registers = tile.vectors == 4 ? 24 : target_.registers - 4;
  const int64_t room = std::min<int64_t>(max_tile, std::max<int64_t>(1, registers / std::max(2, tile.vectors)));
  // Tiles of a few registers are never the fastest.
  const auto fills = [&](int64_t n) { return n * tile.vectors <= registers && 4 * n * tile.vectors >= registers; };
  const auto fits = [&](int64_t n) { return n <= width_x && fills(n); };
  const int64_t columns =
      choices.pick("columns", choose_tile(width_x, (room + 1) / 2, room), numbers(1, max_tile, fits));
  const Var x = vars_.spatial.back();
  Var ci("ci"), xi("xi"), yi("yi");
  const bool divides = product_.channels % tile.width() == 0;
  out.bound(vars_.c, 0, narrow(product_.channels));
  for (size_t d = 0; d < rank; ++d) out.bound(vars_.spatial[d], 0, narrow(product_.extents[d]));
  out.split(vars_.c, vars_.c, ci, tile.width(), divides ? TailStrategy::Auto : TailStrategy::ShiftInwards);
  out.split(x, x, xi, narrow(columns), width_x % columns == 0 ? TailStrategy::Auto : TailStrategy::ShiftInwards);
  // Narrow images: several rows fill the registers.
  const bool has_y = rank >= 2;
  int64_t rows = 1;
  if (has_y && columns == width_x && !is_padded_) {
    const int64_t height = product_.extents[rank - 2];
    const auto rows_fit = [&](int64_t n) { return n <= height && fills(n * columns); };
    rows = choices.pick("rows", std::min<int64_t>(height, std::max<int64_t>(1, room / columns)),
                        numbers(1, max_tile, rows_fit));
  }
  std::vector<VarOrRVar> order{ci, xi};
  if (rows > 1) {
    const Var y = vars_.spatial[rank - 2];
    out.split(y, y, yi, narrow(rows),
              product_.extents[rank - 2] % rows == 0 ? TailStrategy::Auto : TailStrategy::ShiftInwards);
    order.push_back(yi);
  }
  order.insert(order.end(), {vars_.c, x});
  Var block("block"), y = has_y ? vars_.spatial[rank - 2] : Var("none");
  const bool blocks = has_y && parallel && product_.extents[rank - 2] / rows > 2 * kTaskRows;
  if (blocks) {
    Var inside("inside");
    out.split(y, block, inside, kTaskRows, TailStrategy::GuardWithIf);
    y = inside;
  }
  if (has_y) order.push_back(y);
  if (blocks) order.push_back(block);
  for (size_t d = rank >= 2 ? rank - 2 : 0; d-- > 0;) order.push_back(vars_.spatial[d]);
  order.push_back(vars_.n);
  out.reorder(order);
  if (tile.lanes > 1) out.vectorize(ci, tile.lanes);
  out.unroll(ci).unroll(xi);
  if (rows > 1) out.unroll(yi);
  const VarOrRVar before_n = order[order.size() - 2];
  if (parallel && (blocks || rank >= 3))
    parallel_over(out, before_n, vars_.n);
  else if (parallel)
    out.parallel(vars_.n);

  text_ = std::to_string(columns * rows) + " x " + std::to_string(tile.vectors) + " vectors of " +
          std::to_string(tile.lanes);
  sum_.compute_at(out, vars_.c).store_in(MemoryType::Stack);
  const auto unroll_tile = [&](Stage stage) {
    if (tile.lanes > 1) stage.vectorize(vars_.c, tile.lanes);
    stage.unroll(vars_.c).unroll(x);
    if (rows > 1) stage.unroll(vars_.spatial[rank - 2]);
  };
  unroll_tile(sum_);
  if (!has_taps_) return;
  Stage update = sum_.update();
  std::vector<VarOrRVar> inner{vars_.c};
  for (size_t d = rank; d-- > 0;) inner.push_back(vars_.spatial[d]);
  for (int d = 0; d < r_.dimensions(); ++d) inner.push_back(r_[d]);
  update.reorder(inner);
  unroll_tile(update);
  if (product_.source_channels == 3)
    update.unroll(r_.x, 3);
  else if (product_.source_channels % 2 == 0)
    update.unroll(r_.x, 2);
  if (!is_padded_) return;
  text_ += ", padded rows";
  const int64_t source_channels = product_.source_channels * product_.groups;
  padded_.vectorize(vars_.c, static_cast<int>(std::min<int64_t>(target_.lanes, source_channels)),
                    TailStrategy::GuardWithIf);
  if (!has_y) {
    padded_.compute_at(out, vars_.n);
    return;
  }
  padded_.compute_at(out, y);
  // Rows slide along y inside a task.
  if (blocks && rank == 2) padded_.store_at(out, Var("both"));
}

BuiltKernel build_conv(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  Lowering lowering(kernel.body);
  const Node& node = kernel.body[kernel.anchor];
  KCC_CHECK(node.op == OpKind::kConv, "a convolution");
  const ConvGeometry g = conv_geometry(kernel.body, node);
  WindowProduct product;
  product.source_channels = g.channels / g.groups;
  product.channels = g.filters;
  product.groups = g.groups;
  product.taps = g.kernel;
  product.extents = g.output;
  product.step = g.strides;
  product.tap_step = g.dilations;
  for (int64_t low : g.low) product.offset.push_back(-low);
  product.source = g.input;
  product.read = [&](const Index& index) { return lowering.at(node.inputs[0], index); };
  product.weight = [&](const Expr& i, Index tap, const Expr& c) {
    tap.push_back(i);
    tap.push_back(c);
    return lowering.at(node.inputs[1], tap);
  };
  const ImageVars vars = image_vars(g.rank());
  const Vars all = vars.all();
  Choices choices(options);
  BuiltKernel built;
  const auto results = [&](const Func& sum) {
    lowering.bind(kernel.anchor, [sum](const Index& index) { return sum(reversed(index)); });
    const std::vector<Expr> values = strict(lowering.outputs_at(as_index(all)));
    const Func func = define_result(Func("result"), values, all, node.type.shape, lowering).func;
    built.pipeline = Halide::Pipeline(func);
    return func;
  };
  const bool plain = options.level == 0 || may_overwrite_operands(kernel.body);
  if (const int m = plain ? 0 : choose_winograd(product, target, options, choices)) {
    WinogradProduct winograd(product, vars, target, options, m, lowering.extent(node.type.shape[0]), choices);
    winograd.schedule(results(winograd.sum()));
    built.schedule = winograd.text();
  } else {
    TiledProduct tiled(product, vars, target);
    const Func func = results(tiled.sum());
    if (plain)
      tiled.schedule_plain();
    else
      tiled.schedule(func, true, 14, choices);
    built.schedule = tiled.text();
  }
  built.arguments = lowering.arguments();
  built.choices = choices.taken();
  return built;
}

}  // namespace kcc
