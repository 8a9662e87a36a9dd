// Weight gradients of convolutions of few channels into few. Vectors run along x, on rows of source and gradient that
// were taken apart into a plane a channel; each lane has sums of its own, added at the very end. A tile of innermost
// taps x channels x filters stays in registers while some rows of one image run. Images are dealt to groups as in
// conv_weight_grad.cpp.
#include <algorithm>

#include "codegen/kernels/conv.h"
#include "codegen/kernels/reduce.h"
#include "codegen/kernels/schedule.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

constexpr int64_t kFew = 4;                  // channels that are taken apart in registers
constexpr int64_t kGroups = 8;               // at the batch that schedules are made for
constexpr int64_t kBlockElements = 1 << 13;  // of the planes of some rows, which stay in the first cache

class PlanarWeightGrad {
 public:
  PlanarWeightGrad(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
      : kernel_(kernel),
        target_(target),
        options_(options),
        choices_(options),
        lowering_(kernel.body),
        node_(kernel.body[kernel.anchor]),
        geometry_(conv_geometry(kernel.body, node_)) {
    batch_ = kernel.body[node_.inputs[0]].type.shape[0];
    for (size_t d = 0; d < rank(); ++d) taps_.emplace_back(numbered("k", d));
    dims_ = taps_;
    dims_.push_back(ci_);
    dims_.push_back(co_);
  }

  BuiltKernel build() {
    const ConvGeometry& g = geometry_;
    const bool has_y = rank() >= 2;
    lanes_ = std::min<int64_t>(target_.lanes, g.output.back());
    vectors_ = (g.output.back() + lanes_ - 1) / lanes_;
    choose_tile();
    const int64_t height = has_y ? g.output[rank() - 2] : 1;
    const int64_t usual = choose_block_rows(height);
    const auto divides = [&](int64_t n) { return height % n == 0; };
    const int64_t rows = choices_.pick("rows", usual, numbers((usual + 3) / 4, 4 * usual, divides));

    // Rows of zeros past the last column's vector are as good as the gradient's own: their products vanish.
    define_planes(x_planes_, 0, g.channels, g.input, copied_x_);
    define_planes(g_planes_, 1, g.filters, g.output, copied_g_);

    Var yb("yb"), n("n");
    Vars outer;  // other spatial dimensions, outermost first
    for (size_t d = 0; d + 2 < rank(); ++d) outer.emplace_back(numbered("o", d));
    r_ = RDom(0, narrow(vectors_), 0, narrow(rows), "r");
    const auto part_args = [&](const Expr& block, const Index& others, const Expr& image) {
      std::vector<Expr> args = sum_args();
      args.push_back(block);
      for (const Expr& o : reversed(others)) args.push_back(o);
      args.push_back(image);
      return args;
    };
    Index o = as_index(outer);
    if (has_y) o.push_back(yb * narrow(rows) + r_.y);
    o.push_back(r_.x * narrow(lanes_) + lane_);
    Index x_at{n}, g_at{n};
    for (size_t d = 0; d < rank(); ++d) {
      g_at.push_back(o[d]);
      x_at.push_back(o[d] * narrow(g.strides[d]) + taps_[d] * narrow(g.dilations[d]) - narrow(g.low[d]));
    }
    g_at.push_back(co_);
    x_at.push_back(ci_);
    Func part("part"), sums("sums"), lanes("lanes"), total("total");
    const std::vector<Expr> inner = part_args(yb, as_index(outer), n);
    part(inner) = 0.0f;
    part(inner) += g_planes_(reversed(g_at)) * x_planes_(reversed(x_at));

    Var group("group");
    const int64_t images = std::max<int64_t>(1, (options_.batch + kGroups - 1) / kGroups);
    const Expr batch = lowering_.extent(batch_), groups = (batch + narrow(images - 1)) / narrow(images);
    Halide::Region region{{0, narrow(height / rows)}};
    for (size_t d = outer.size(); d-- > 0;) region.push_back({0, narrow(g.output[d])});
    region.push_back({0, narrow(images)});
    const RDom q(region, "q");
    const Expr image = group * narrow(images) + q[q.dimensions() - 1];
    RDom within = q;
    if (images > 1) within.where(image < batch);
    Index q_outer;
    for (size_t d = 0; d < outer.size(); ++d) q_outer.push_back(q[static_cast<int>(outer.size() - d)]);
    std::vector<Expr> sums_args = sum_args();
    sums_args.push_back(group);
    sums(sums_args) = 0.0f;
    sums(sums_args) += part(part_args(q[0], q_outer, image));

    const RDom all(0, groups, "all"), each(0, narrow(lanes_), "each");
    std::vector<Expr> all_args = sum_args();
    lanes(all_args) = 0.0f;
    all_args.push_back(all);
    lanes(sum_args()) += sums(all_args);
    const std::vector<Expr> args = reversed(as_index(dims_));
    std::vector<Expr> each_args = args;
    each_args.insert(each_args.begin(), each);
    total(args) = 0.0f;
    total(args) += lanes(each_args);
    lowering_.bind(kernel_.anchor, [total](const Index& index) { return total(reversed(index)); });
    const ValueId bias_sum = find_bias_sum(kernel_.body, kernel_.anchor);
    if (bias_sum >= 0) Reduction(lowering_, {bias_sum}, {co_}, target_).compute_root();
    std::vector<Func> outputs;
    for (const Result& result : define_gradient_results(lowering_, dims_, co_)) outputs.push_back(result.func);

    schedule_sums(sums, part, q, group);
    lanes.compute_root().vectorize(lane_);
    lanes.update().reorder(lane_, co_, all).vectorize(lane_);
    total.compute_root();
    total.update().atomic().vectorize(each);

    BuiltKernel built;
    built.pipeline = Halide::Pipeline(outputs);
    built.arguments = lowering_.arguments();
    built.schedule = std::to_string(tap_tile_) + " taps x " + std::to_string(channel_tile_) + " channels x " +
                     std::to_string(g.filters) + " vectors of " + std::to_string(lanes_) + " columns, " +
                     std::to_string(rows) + " rows in planes, " + std::to_string(images) + " images a group";
    built.choices = choices_.taken();
    return built;
  }

 private:
  size_t rank() const { return geometry_.rank(); }

  // (lane, co, ci, kx, ...)
  std::vector<Expr> sum_args() const {
    std::vector<Expr> args = reversed(as_index(dims_));
    args.insert(args.begin(), lane_);
    return args;
  }

  // Operand `input` with a plane a channel and zeros around: planes(c, x, y..., n)
  void define_planes(Func& planes, size_t input, int64_t channels, const Integers& sizes, RDom& copied) {
    Index to = as_index(image_.all()), from = to;
    planes(reversed(to)) = 0.0f;
    copied = RDom(0, narrow(channels), 0, narrow(sizes.back()), "copied");
    to.back() = from.back() = copied.x;
    to[rank()] = from[rank()] = copied.y;
    Expr inside = Halide::Internal::const_true();
    for (size_t d = 0; d + 1 < rank(); ++d) {
      const Expr p = image_.spatial[d];
      inside = inside && p >= 0 && p < narrow(sizes[d]);
      from[d + 1] = Halide::clamp(p, 0, narrow(sizes[d] - 1));
    }
    planes(reversed(to)) = Halide::select(inside, lowering_.at(node_.inputs[input], from), 0.0f);
  }

  void choose_tile() {
    const int64_t filters = geometry_.filters, taps = geometry_.kernel.back();
    // Beside the sums: a vector of each filter's gradient and one of the source.
    const int64_t room = std::max<int64_t>(1, (target_.registers - filters - 1) / filters);
    const auto taps_fit = [&](int64_t n) { return (n == 1 || n == taps) && n <= room; };
    tap_tile_ = choices_.pick("taps", taps <= room ? taps : 1, numbers(1, taps, taps_fit));
    const int64_t most = std::max<int64_t>(1, room / tap_tile_);
    const auto divides = [&](int64_t n) { return geometry_.channels % n == 0; };
    channel_tile_ = choices_.pick("channels", largest_divisor(geometry_.channels, most), numbers(1, most, divides));
  }

  int64_t choose_block_rows(int64_t height) const {
    const int64_t row = (geometry_.channels + geometry_.filters) * geometry_.input.back();
    return largest_divisor(height, std::max<int64_t>(1, kBlockElements / row));
  }

  void schedule_sums(Func& sums, Func& part, const RDom& q, const Var& group) {
    Var cii("cii");
    const Var kx = taps_.back();
    sums.bound(co_, 0, narrow(geometry_.filters)).bound(ci_, 0, narrow(geometry_.channels));
    sums.bound(lane_, 0, narrow(lanes_));
    for (size_t d = 0; d < rank(); ++d) sums.bound(taps_[d], 0, narrow(geometry_.kernel[d]));
    sums.compute_root().vectorize(lane_).parallel(group);
    Stage update = sums.update();
    update.split(ci_, ci_, cii, narrow(channel_tile_));
    std::vector<VarOrRVar> order{lane_, co_, cii};
    const bool taps_inside = tap_tile_ > 1 || geometry_.kernel.back() == 1;
    if (taps_inside) order.insert(order.end(), {kx, ci_});
    if (!taps_inside) order.insert(order.end(), {ci_, kx});
    for (size_t d = rank() - 1; d-- > 0;) order.push_back(taps_[d]);
    for (int d = 0; d < q.dimensions(); ++d) order.push_back(q[d]);
    order.push_back(group);
    update.reorder(order).vectorize(lane_).unroll(co_).unroll(cii).parallel(group);
    if (taps_inside) update.unroll(kx);
    part.compute_at(sums, ci_).store_in(MemoryType::Stack);
    if (!taps_inside) part.compute_at(sums, ci_);
    const auto unroll_tile = [&](Stage stage) {
      stage.vectorize(lane_).unroll(co_).unroll(ci_);
      if (taps_inside) stage.unroll(kx);
    };
    unroll_tile(part);
    Stage inner = part.update();
    inner.reorder({lane_, co_, ci_, kx, r_.x, r_.y});
    unroll_tile(inner);
    const auto at_block = rank() >= 2 ? q[0] : q[q.dimensions() - 1];
    schedule_planes(x_planes_.compute_at(sums, at_block), copied_x_, geometry_.channels, geometry_.input.back());
    schedule_planes(g_planes_.compute_at(sums, at_block), copied_g_, geometry_.filters, geometry_.output.back());
  }

  void schedule_planes(Func& planes, const RDom& copied, int64_t channels, int64_t row) {
    const Var x = image_.spatial.back();
    planes.reorder_storage(x, image_.c).bound_storage(image_.c, narrow(channels));
    planes.vectorize(x, narrow(lanes_), TailStrategy::RoundUp);
    const int vector = narrow(std::min<int64_t>(target_.lanes, row));
    planes.update().unroll(copied.x).vectorize(copied.y, vector,
                                               row % vector == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf);
  }

  const Kernel& kernel_;
  const MachineTarget& target_;
  const ScheduleOptions& options_;
  Choices choices_;
  Lowering lowering_;
  const Node& node_;
  const ConvGeometry geometry_;
  const ImageVars image_ = image_vars(geometry_.rank());
  Dim batch_;
  Var ci_{"ci"}, co_{"co"}, lane_{"lane"};
  Vars taps_, dims_;  // outermost first
  Func x_planes_{"x_planes"}, g_planes_{"g_planes"};
  RDom copied_x_, copied_g_, r_;
  int64_t lanes_ = 1, vectors_ = 1;
  int64_t tap_tile_ = 1, channel_tile_ = 1;
};

}  // namespace

bool has_planar_weight_grad(const ConvGeometry& g, const MachineTarget& target) {
  return g.groups == 1 && g.strides.back() == 1 && g.channels <= kFew && g.filters <= kFew &&
         2 * g.filters <= target.lanes && 2 * g.output.back() >= target.lanes;
}

BuiltKernel build_planar_weight_grad(const Kernel& kernel, const MachineTarget& target,
                                     const ScheduleOptions& options) {
  return PlanarWeightGrad(kernel, target, options).build();
}

}  // namespace kcc
