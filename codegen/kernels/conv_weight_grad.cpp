// Gradient of a convolution with respect to its weights:
//   dw[k, ci, co] = sum over n, o of x[n, o*stride + k*dilation - low, ci] g[n, o, co]
// A tile of innermost taps x input channels x vectors of filters stays in registers while some rows of one image run;
// then it is added to dw, which stays in cache. Images are dealt to a number of groups that depends on the batch
// alone, each with its own dw, added at the end: tasks of a parallel loop without changing the sum. See
// shared/reference/halide.md, recipe 1.
#include <algorithm>

#include "codegen/kernels/conv.h"
#include "codegen/kernels/reduce.h"
#include "codegen/kernels/schedule.h"
#include "codegen/kernels/winograd_weight_grad.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

// A copy of dw a group of images pays while it stays in the second cache.
constexpr int64_t kGroupedBytes = 1 << 19;
constexpr int64_t kGroups = 8;  // at the batch that schedules are made for

class WeightGrad {
 public:
  WeightGrad(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
      : kernel_(kernel),
        target_(target),
        options_(options),
        choices_(options),
        lowering_(kernel.body),
        node_(kernel.body[kernel.anchor]),
        geometry_(conv_geometry(kernel.body, node_)),
        bias_sum_(find_bias_sum(kernel.body, kernel.anchor)) {
    KCC_CHECK(node_.op == OpKind::kConvWeightGrad, "a weight gradient");
    batch_ = kernel.body[node_.inputs[0]].type.shape[0];
    for (size_t d = 0; d < geometry_.rank(); ++d) taps_.emplace_back(numbered("k", d));
    dims_ = taps_;
    dims_.push_back(ci_);
    dims_.push_back(co_);
  }

  BuiltKernel build() {
    if (options_.level == 0) return simple();
    const int m = writes_weights_at_once() ? choose_winograd_weight_grad(geometry_, target_, options_, choices_) : 0;
    return m > 0 ? winograd(m) : tiles();
  }

 private:
  size_t rank() const { return geometry_.rank(); }
  int64_t in_group() const { return geometry_.channels / geometry_.groups; }
  int64_t out_group() const { return geometry_.filters / geometry_.groups; }
  // A filter reads the input channel of its own number alone: vectors of filters are vectors of channels.
  bool is_depthwise() const { return geometry_.groups > 1 && in_group() == 1 && out_group() == 1; }

  bool is_padded() const {
    const ConvGeometry& g = geometry_;
    if (is_depthwise() && is_widened()) return true;
    for (size_t d = 0; d < rank(); ++d) {
      const int64_t last = (g.output[d] - 1) * g.strides[d] + (g.kernel[d] - 1) * g.dilations[d] - g.low[d];
      if (g.low[d] > 0 || last >= g.input[d]) return true;
    }
    return false;
  }

  // x with its zeros around, at positions relative to x.
  void define_padded() {
    const ImageVars vars = image_vars(rank());
    Index position = as_index(vars.all());
    Expr inside = Halide::Internal::const_true();
    for (size_t d = 0; d < rank(); ++d) {
      const Expr p = vars.spatial[d];
      inside = inside && p >= 0 && p < narrow(geometry_.input[d]);
      position[d + 1] = Halide::clamp(p, 0, narrow(geometry_.input[d] - 1));
    }
    if (is_depthwise() && is_widened()) {
      inside = inside && vars.c < narrow(geometry_.channels);
      position.back() = Halide::min(vars.c, narrow(geometry_.channels - 1));
    }
    padded_(reversed(as_index(vars.all()))) = Halide::select(inside, lowering_.at(node_.inputs[0], position), 0.0f);
    padded_channel_ = vars.c;
  }

  // The input channel that filter `co` reads as its `ci`-th.
  Expr source_channel() const {
    if (geometry_.groups == 1) return ci_;
    if (is_depthwise()) return co_;
    const Expr group = out_group() == 1 ? Expr(co_) : co_ / narrow(out_group());
    return in_group() == 1 ? group : group * narrow(in_group()) + ci_;
  }

  // x at output position `o` under tap `k`
  Expr source(const Expr& n, const Index& o, const Index& k, const Expr& channel) {
    Index index{n};
    for (size_t d = 0; d < rank(); ++d)
      index.push_back(o[d] * narrow(geometry_.strides[d]) + k[d] * narrow(geometry_.dilations[d]) -
                      narrow(geometry_.low[d]));
    index.push_back(channel);
    return is_padded() ? Expr(padded_(reversed(index))) : lowering_.at(node_.inputs[0], index);
  }

  Expr gradient(const Expr& n, const Index& o, const Expr& filter) {
    Index index{n};
    index.insert(index.end(), o.begin(), o.end());
    index.push_back(filter);
    return is_widened() ? Expr(widened_(reversed(index))) : lowering_.at(node_.inputs[1], index);
  }

  // A number of filters that no vector divides: the gradient's rows are copied with zeros up to whole vectors.
  bool is_widened() const { return padded_filters_ > geometry_.filters; }
  void define_widened() {
    const ImageVars vars = image_vars(rank());
    Index index = as_index(vars.all());
    index.back() = Halide::min(vars.c, narrow(geometry_.filters - 1));
    const Expr value = lowering_.at(node_.inputs[1], index);
    widened_(reversed(as_index(vars.all()))) = Halide::select(vars.c < narrow(geometry_.filters), value, 0.0f);
  }

  std::vector<Result> results(const Func& total) {
    lowering_.bind(kernel_.anchor, [total](const Index& index) { return total(reversed(index)); });
    return define_gradient_results(lowering_, dims_, co_);
  }

  BuiltKernel finish(const std::vector<Result>& results, std::string text) {
    BuiltKernel built;
    std::vector<Func> outputs;
    for (const Result& result : results) outputs.push_back(result.func);
    built.pipeline = Halide::Pipeline(outputs);
    built.arguments = lowering_.arguments();
    built.schedule = std::move(text);
    built.choices = choices_.taken();
    return built;
  }

  BuiltKernel simple() {
    if (is_padded()) define_padded(), padded_.compute_root();
    Func total("total");
    Halide::Region region;
    for (size_t d = rank(); d-- > 0;) region.push_back({0, narrow(geometry_.output[d])});
    region.push_back({0, lowering_.extent(batch_)});
    RDom r(region, "r");
    Index o;
    for (size_t d = 0; d < rank(); ++d) o.push_back(r[static_cast<int>(rank() - 1 - d)]);
    const Expr n = r[static_cast<int>(rank())];
    const std::vector<Expr> args = reversed(as_index(dims_));
    total(args) = 0.0f;
    total(args) += gradient(n, o, co_) * source(n, o, as_index(taps_), source_channel());
    total.compute_root();
    if (bias_sum_ >= 0) Reduction::plain(lowering_, {bias_sum_}, {co_}).compute_root();
    return finish(results(total), "plain loops");
  }

  // Whether all results over the weights are neighbours, and so one Func.
  bool writes_weights_at_once() const {
    const Graph& body = kernel_.body;
    int changes = 0;
    for (size_t i = 1; i < body.outputs.size(); ++i)
      changes += body[body.outputs[i].value].type.shape != body[body.outputs[i - 1].value].type.shape;
    return changes <= 1;
  }

  void vectorize_filters(Func f) const {
    const int vector = static_cast<int>(std::min<int64_t>(target_.lanes, geometry_.filters));
    f.vectorize(co_, vector, geometry_.filters % vector == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf);
  }

  BuiltKernel winograd(int m) {
    const auto operand = [this](size_t i) {
      return [this, i](const Index& index) { return lowering_.at(node_.inputs[i], index); };
    };
    WinogradWeightGrad sums(geometry_, operand(0), operand(1), dims_, target_, options_, m, lowering_.extent(batch_),
                            choices_);
    if (bias_sum_ >= 0) Reduction(lowering_, {bias_sum_}, {co_}, target_).compute_root();
    const std::vector<Result> results = this->results(sums.sum());
    for (const Result& result : results) {
      if (result.vars.size() > 1)
        sums.schedule(result.func);
      else
        vectorize_filters(result.func);
    }
    return finish(results, sums.text());
  }

  BuiltKernel tiles() {
    const ConvGeometry& g = geometry_;
    choose_tile();
    if (is_padded()) define_padded();
    if (is_widened()) define_widened();
    // Rows of y in a block, counted from the innermost but one dimension; one dimension: whole lines.
    const bool has_y = rank() >= 2;
    const int64_t height = has_y ? g.output[rank() - 2] : 1;
    const int64_t usual = choose_block_rows(height, g.output.back());
    const auto legal = [&](int64_t n) { return n <= height && (height % n == 0 || n % 4 == 0); };
    const int64_t block_rows = choices_.pick("rows", usual, numbers((usual + 3) / 4, 4 * usual, legal));
    const int64_t blocks = (height + block_rows - 1) / block_rows;
    Var yb("yb"), n("n"), group("group");
    Vars outer;  // other spatial dimensions, outermost first
    for (size_t d = 0; d + 2 < rank(); ++d) outer.emplace_back(numbered("o", d));
    RDom r(0, narrow(g.output.back()), 0, narrow(block_rows), "r");
    if (height % block_rows != 0) r.where(yb * narrow(block_rows) + r.y < narrow(height));
    const auto place = [&](const Expr& block, const Index& others) {
      Index o = others;
      if (has_y) o.push_back(block * narrow(block_rows) + r.y);
      o.push_back(r.x);
      return o;
    };
    const auto part_args = [&](const Expr& block, const Index& others, const Expr& image) {
      std::vector<Expr> args = reversed(as_index(dims_));
      args.push_back(block);
      for (const Expr& o : reversed(others)) args.push_back(o);
      args.push_back(image);
      return args;
    };
    Func part("part"), sums("sums"), total("total");
    const std::vector<Expr> inner = part_args(yb, as_index(outer), n);
    const Index o = place(yb, as_index(outer));
    part(inner) = 0.0f;
    part(inner) += gradient(n, o, co_) * source(n, o, as_index(taps_), source_channel());

    // Blocks, outer dimensions and the images of a group.
    const bool grouped = g.filters * in_group() * taps_count() * 4 <= kGroupedBytes;
    const int64_t images = grouped ? std::max<int64_t>(1, (options_.batch + kGroups - 1) / kGroups) : 1;
    const Expr batch = lowering_.extent(batch_);
    const Expr groups = grouped ? (batch + narrow(images - 1)) / narrow(images) : Expr(1);
    Halide::Region region{{0, narrow(blocks)}};
    for (size_t d = outer.size(); d-- > 0;) region.push_back({0, narrow(g.output[d])});
    region.push_back({0, grouped ? Expr(narrow(images)) : batch});
    RDom q(region, "q");
    const RVar q_image = q[q.dimensions() - 1];
    const Expr image = grouped ? group * narrow(images) + q_image : Expr(q_image);
    if (grouped && images > 1) q.where(image < batch);
    Index q_outer;
    for (size_t d = 0; d < outer.size(); ++d) q_outer.push_back(q[static_cast<int>(outer.size() - d)]);
    std::vector<Expr> sums_args = reversed(as_index(dims_));
    sums_args.push_back(group);
    sums(sums_args) = 0.0f;
    sums(sums_args) += part(part_args(q[0], q_outer, image));
    RDom all(0, groups, "all");
    std::vector<Expr> all_args = reversed(as_index(dims_));
    total(all_args) = 0.0f;
    std::vector<Expr> group_args = all_args;
    group_args.push_back(all);
    total(all_args) += sums(group_args);
    schedule_sums(sums, part, q, r, group, grouped);
    if (bias_sum_ >= 0 && grouped) {
      Func bias_part("bias_part"), bias_sums("bias_sums"), bias("bias");
      std::vector<Expr> args{co_, yb}, read{co_, q[0]};
      for (const Expr& i : reversed(as_index(outer))) args.push_back(i);
      for (const Expr& i : reversed(q_outer)) read.push_back(i);
      args.push_back(n);
      read.push_back(image);
      Index at{n};
      at.insert(at.end(), o.begin(), o.end());
      at.push_back(co_);
      bias_part(args) = 0.0f;
      bias_part(args) += lowering_.at(node_.inputs[1], at);
      bias_sums(co_, group) = 0.0f;
      bias_sums(co_, group) += bias_part(read);
      bias(co_) = 0.0f;
      bias(co_) += bias_sums(co_, all);
      lowering_.bind(bias_sum_, [bias](const Index& index) { return bias(index); });
      schedule_bias(bias_sums, bias_part, q, r, group);
      bias_sums.update().compute_with(sums.update(), q[0]);
      bias.compute_root();
    } else if (bias_sum_ >= 0) {
      Reduction(lowering_, {bias_sum_}, {co_}, target_).compute_root();
    }
    const std::vector<Result> results = this->results(total);
    schedule_total(results, total, all);
    std::string text = std::to_string(tap_tile_) + " taps x " + std::to_string(channel_tile_) + " channels x " +
                       std::to_string(filters_.vectors) + " vectors of " + std::to_string(filters_.lanes) + ", " +
                       std::to_string(block_rows) + " rows";
    if (grouped) text += ", " + std::to_string(images) + " images a group";
    return finish(results, text);
  }

  int64_t taps_count() const {
    int64_t count = 1;
    for (int64_t k : geometry_.kernel) count *= k;
    return count;
  }

  static int64_t choose_block_rows(int64_t height, int64_t width) {
    // About sixty-four positions at least, so that a tile's sums are worth their way to dw.
    const int64_t wanted = std::clamp<int64_t>((127 + width) / width, 1, 16);
    const int64_t divisor = largest_divisor(height, wanted);
    return divisor * 2 > wanted ? divisor : std::min(wanted, height);
  }

  // Taps x channels x vectors in registers: 24 accumulators of 32 registers, 12 of 16.
  void choose_tile() {
    const int64_t room = target_.registers == 32 ? 24 : 12;
    const int64_t filters = geometry_.filters;
    const bool in_groups = geometry_.groups > 1 && !is_depthwise();
    filters_ = in_groups ? choose_group_vectors(out_group(), target_.lanes, 2)
                         : choose_vectors(filters, target_.lanes, 2, true);
    if (filters % filters_.width() != 0) {
      const int64_t lanes = largest_divisor(filters, target_.lanes);
      filters_ = {lanes * 2 >= target_.lanes ? static_cast<int>(lanes) : target_.lanes, 1};
    }
    padded_filters_ = (filters + filters_.width() - 1) / filters_.width() * filters_.width();
    const int64_t taps = geometry_.kernel.back();
    const auto taps_fit = [&](int64_t n) { return (n == 1 || n == taps) && n * filters_.vectors <= room; };
    tap_tile_ = choices_.pick("taps", taps * filters_.vectors <= room ? taps : 1, numbers(1, taps, taps_fit));
    const int64_t most = std::max<int64_t>(1, room / (tap_tile_ * filters_.vectors));
    const auto divides = [&](int64_t n) { return in_group() % n == 0; };
    channel_tile_ = choices_.pick("channels", largest_divisor(in_group(), std::min<int64_t>(8, most)),
                                  numbers(1, std::min<int64_t>(16, most), divides));
  }

  void schedule_sums(Func& sums, Func& part, const RDom& q, const RDom& r, const Var& group, bool grouped) {
    Var coi("coi"), cii("cii");
    const Var kx = taps_.back();
    sums.bound(co_, 0, narrow(padded_filters_)).bound(ci_, 0, narrow(in_group()));
    for (size_t d = 0; d < rank(); ++d) sums.bound(taps_[d], 0, narrow(geometry_.kernel[d]));
    sums.compute_root().vectorize(co_, filters_.lanes).parallel(group);
    Stage update = sums.update();
    update.split(co_, co_, coi, filters_.width()).split(ci_, ci_, cii, narrow(channel_tile_));
    std::vector<VarOrRVar> order{coi, cii, kx, ci_};
    const bool taps_inside = tap_tile_ > 1 || geometry_.kernel.back() == 1;
    if (!taps_inside) order = {coi, cii, ci_, kx};
    std::vector<VarOrRVar> other_taps;
    for (size_t d = rank() - 1; d-- > 0;) other_taps.push_back(taps_[d]);
    if (grouped) order.push_back(co_);
    order.insert(order.end(), other_taps.begin(), other_taps.end());
    for (int d = 0; d < q.dimensions(); ++d) order.push_back(q[d]);
    if (!grouped) order.push_back(co_);
    order.push_back(group);
    update.reorder(order).vectorize(coi, filters_.lanes).unroll(coi).unroll(cii);
    if (taps_inside) update.unroll(kx);
    if (grouped)
      update.parallel(group);
    else
      update.parallel(co_);
    part.compute_at(sums, ci_).store_in(MemoryType::Stack);
    const auto unroll_tile = [&](Stage stage) {
      stage.vectorize(co_, filters_.lanes).unroll(co_).unroll(ci_);
      if (taps_inside) stage.unroll(kx);
    };
    unroll_tile(part);
    Stage inner = part.update();
    inner.reorder({co_, ci_, kx, r.x, r.y});
    unroll_tile(inner);
    const RVar copies = rank() >= 2 ? q[0] : q[q.dimensions() - 1];
    if (is_widened()) widened_.compute_at(sums, copies);
    if (!is_padded()) return;
    padded_.compute_at(sums, copies);
    const int vector = static_cast<int>(std::min<int64_t>(target_.lanes, geometry_.channels));
    padded_.vectorize(padded_channel_, vector, TailStrategy::GuardWithIf);
  }

  // Vectors of filters, rows inside.
  void schedule_bias(Func& sums, Func& part, const RDom& q, const RDom& r, const Var& group) {
    const int64_t filters = geometry_.filters;
    const int vector = static_cast<int>(std::min<int64_t>(target_.lanes, filters));
    const TailStrategy tail = filters % vector == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf;
    sums.bound(co_, 0, narrow(filters)).compute_root().vectorize(co_, vector, tail);
    std::vector<VarOrRVar> order{co_};
    for (int d = 0; d < q.dimensions(); ++d) order.push_back(q[d]);
    order.push_back(group);
    sums.update().reorder(order).vectorize(co_, vector, tail).parallel(group);
    part.bound(co_, 0, narrow(filters)).compute_at(sums, q[0]).store_in(MemoryType::Stack).vectorize(co_, vector, tail);
    Var coi("coi");
    const int tile = filters % (4 * vector) == 0 ? 4 * vector : filters % (2 * vector) == 0 ? 2 * vector : vector;
    part.update().split(co_, co_, coi, tile, tail).reorder(coi, r.x, r.y, co_).vectorize(coi, vector, tail);
    if (tile > vector) part.update().unroll(coi);
  }

  // Every element of the results once: they may be weights updated in place.
  void schedule_total(const std::vector<Result>& results, Func& total, const RDom& all) {
    const int vector = static_cast<int>(std::min<int64_t>(target_.lanes, geometry_.filters));
    const TailStrategy tail = geometry_.filters % vector == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf;
    int64_t over_weights = 0;
    for (const Result& result : results) {
      vectorize_filters(result.func);
      over_weights += result.vars.size() > 1;
    }
    if (over_weights == 1)
      total.compute_at(results[0].func, ci_);
    else
      total.compute_root();
    total.vectorize(co_, vector, tail);
    total.update().reorder(co_, all).vectorize(co_, vector, tail);
  }

  const Kernel& kernel_;
  const MachineTarget& target_;
  const ScheduleOptions& options_;
  Choices choices_;
  Lowering lowering_;
  const Node& node_;
  const ConvGeometry geometry_;
  const ValueId bias_sum_;
  Dim batch_;
  Var ci_{"ci"}, co_{"co"}, padded_channel_;
  Vars taps_, dims_;  // outermost first
  Func padded_{"padded"}, widened_{"widened"};
  int64_t padded_filters_ = 0;
  VectorTile filters_;
  int64_t tap_tile_ = 1, channel_tile_ = 1;
};

}  // namespace

BuiltKernel build_conv_weight_grad(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  const ConvGeometry geometry = conv_geometry(kernel.body, kernel.body[kernel.anchor]);
  if (options.level > 0 && has_planar_weight_grad(geometry, target))
    return build_planar_weight_grad(kernel, target, options);
  return WeightGrad(kernel, target, options).build();
}

}  // namespace kcc
