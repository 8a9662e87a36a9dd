#include "codegen/kernels/winograd_weight_grad.h"

#include <algorithm>

namespace kcc {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

namespace {

int64_t divide_up(int64_t value, int64_t by) {
  return (value + by - 1) / by;
}

// What a strip's transformed tiles may take.
constexpr int64_t kStripBytes = 1 << 19;
// Sums over fewer tiles are not worth their way to memory and back.
constexpr int64_t kFewestTiles = 24;
// Sums of one group of images have to stay in the second cache, those of all in the next.
constexpr int64_t kSumBytes = 1 << 20, kAllSumsBytes = 1 << 22;
constexpr int64_t kGroups = 8;  // at most, at the batch that schedules are made for

// What Winograd must save at least.
constexpr double kWorthwhile = 0.9;

// Of the sums for all points.
int64_t group_bytes(const ConvGeometry& g, int64_t m) {
  return (m + 2) * (m + 2) * g.channels * g.filters * 4;
}

// A power of two: groups of equal size for batches that are.
int64_t groups_of(const ConvGeometry& g, int64_t m) {
  int64_t groups = kGroups;
  while (groups > 1 && groups * group_bytes(g, m) > kAllSumsBytes) groups /= 2;
  return groups;
}

// Time for a batch, in vector multiply-adds at peak; m of 0: directly. The factors are measured, as in winograd.cpp.
double estimate(const ConvGeometry& g, int64_t m, const MachineTarget& target, int64_t batch) {
  const auto vectors = [&](int64_t channels) { return static_cast<double>(divide_up(channels, target.lanes)); };
  const double images = static_cast<double>(batch), size = static_cast<double>(m + 2), points = size * size;
  const double products = static_cast<double>(g.channels) * vectors(g.filters);  // of one pixel, tap or point
  if (m == 0) return 1.2 * images * static_cast<double>(9 * g.output[0] * g.output[1]) * products;
  const double tiles = images * static_cast<double>(divide_up(g.output[0], m) * divide_up(g.output[1], m));
  const double transforms = 2.3 * size * (vectors(g.channels) + vectors(g.filters));
  const double groups = static_cast<double>(groups_of(g, m));
  return points * (tiles * (1.35 * products + transforms) + 6 * groups * products);
}

}  // namespace

int choose_winograd_weight_grad(const ConvGeometry& g, const MachineTarget& target, const ScheduleOptions& options,
                                Choices& choices) {
  const Integers ones{1, 1};
  const bool fits = options.winograd && g.kernel == Integers{3, 3} && g.strides == ones && g.dilations == ones &&
                    g.groups == 1 && g.channels % 4 == 0 && g.channels >= target.lanes && g.filters % target.lanes == 0;
  if (!fits) return 0;
  int64_t best = 0;
  const auto cost = [&](int64_t m) { return estimate(g, m, target, options.batch); };
  for (int64_t m : {2, 4}) {
    if (group_bytes(g, m) <= kSumBytes && cost(m) < (best == 0 ? kWorthwhile : 1) * cost(best)) best = m;
  }
  return narrow(choices.pick("winograd", best, {0, 2, 4}));
}

WinogradWeightGrad::WinogradWeightGrad(const ConvGeometry& geometry, const Access& x, const Access& gradient,
                                       const Vars& dims, const MachineTarget& target, const ScheduleOptions& options,
                                       int m, const Expr& batch, Choices& choices)
    : geometry_(geometry),
      dims_(dims),
      target_(target),
      m_(m),
      size_(m + 2),
      tiles_y_(divide_up(geometry.output[0], m)),
      tiles_x_(divide_up(geometry.output[1], m)) {
  choose_strip(options, choices);
  define(x, gradient, batch);
}

void WinogradWeightGrad::choose_strip(const ScheduleOptions& options, Choices& choices) {
  const bool wide = target_.registers == 32;
  vectors_ = choose_vectors(geometry_.filters, target_.lanes, 2, true);
  channel_tile_ =
      choices.pick("channels", largest_divisor(geometry_.channels, (wide ? 24 : 12) / vectors_.vectors), {});
  const int64_t points = size_ * size_, tile_bytes = (geometry_.channels + geometry_.filters) * points * 4;
  const int64_t most = std::max(kStripBytes / tile_bytes, kFewestTiles), image = tiles_y_ * tiles_x_;
  group_ = std::max<int64_t>(1, divide_up(options.batch, groups_of(geometry_, m_)));
  images_ = largest_divisor(group_, std::max<int64_t>(1, most / image));
  const int64_t rows = images_ > 1 ? tiles_y_ : std::clamp<int64_t>(most / tiles_x_, 1, tiles_y_);
  rows_ = divide_up(tiles_y_, divide_up(tiles_y_, rows));
}

void WinogradWeightGrad::define(const Access& x, const Access& gradient, const Expr& batch) {
  const WinogradTransforms transforms = winograd_transforms(3, m_);
  const ConvGeometry& g = geometry_;
  const int32_t across = narrow(tiles_x_), image = narrow(tiles_x_ * tiles_y_);
  const int64_t strips = divide_up(tiles_y_, rows_);
  bool outside = false;
  for (size_t d = 0; d < 2; ++d) outside |= g.low[d] > 0 || g.output[d] + 2 - g.low[d] > g.input[d];
  const bool ragged = images_ > 1 || tiles_x_ * m_ != g.output[1] || strips * rows_ * m_ != g.output[0];
  x_ = tile_source(x, g.input, {-g.low[0], -g.low[1]}, batch, outside);
  gradient_ = tile_source(gradient, g.output, {0, 0}, batch, ragged);
  const Expr tile_image = images_at_ * narrow(images_) + (images_ > 1 ? t_ / image : Expr(0));
  const Expr in_strip = images_ > 1 ? t_ / across % narrow(tiles_y_) : t_ / across;
  const Expr row = (strip_ * narrow(rows_) + in_strip) * m_, column = t_ % across * m_;
  const Vars args{c_, t_, strip_, images_at_};
  data_ = two_passes("data", transforms.data, args, [&](const Expr& y, int x_in) {
    return x_.read({tile_image, row + y, column + x_in, c_});
  });
  filters_ = two_passes("filters", transforms.weights, args, [&](const Expr& y, int x_in) {
    return gradient_.read({tile_image, row + y, column + x_in, c_});
  });
  r_ = RDom(0, narrow(rows_ * tiles_x_ * images_), "r");
  part_(co_, ci_, px_, py_, strip_, images_at_) = 0.0f;
  part_(co_, ci_, px_, py_, strip_, images_at_) +=
      filters_.all(co_, r_, strip_, images_at_, px_, py_) * data_.all(ci_, r_, strip_, images_at_, px_, py_);
  const int32_t in_group = narrow(group_ / images_);
  q_ = RDom(0, narrow(strips), 0, in_group, "q");
  const Expr images = group_at_ * in_group + q_.y;
  q_.where(images * narrow(images_) < batch);
  sums_(co_, ci_, px_, py_, group_at_) = 0.0f;
  sums_(co_, ci_, px_, py_, group_at_) += part_(co_, ci_, px_, py_, q_.x, images);
  RDom all(0, (batch + narrow(group_ - 1)) / narrow(group_), "all");
  total_(co_, ci_, px_, py_) = 0.0f;
  total_(co_, ci_, px_, py_) += sums_(co_, ci_, px_, py_, all);
  output_ = two_passes("output", transforms.output, {co_, ci_},
                       [&](const Expr& y, int x_in) { return total_(co_, ci_, x_in, y); });
  sum_(co_, ci_, dims_[1], dims_[0]) = output_.all(co_, ci_, dims_[1], dims_[0]);
}

void WinogradWeightGrad::schedule(Func out) {
  const int lanes = target_.lanes, width = vectors_.width();
  const Var filter = dims_[3], channel = dims_[2];
  Var coi("coi"), cii("cii"), inner("inner");
  out.bound(filter, 0, narrow(geometry_.filters)).bound(channel, 0, narrow(geometry_.channels));
  out.bound(dims_[0], 0, 3).bound(dims_[1], 0, 3);
  out.split(filter, filter, inner, lanes).reorder({inner, dims_[1], dims_[0], filter, channel}).vectorize(inner);
  out.parallel(channel);
  output_.all.compute_at(out, filter).store_in(MemoryType::Stack);
  output_.all.reorder({co_, output_.y, output_.x, ci_}).vectorize(co_, lanes);
  unroll_passes(output_, co_, lanes, out, filter);
  total_.compute_at(out, filter).store_in(MemoryType::Stack).vectorize(co_, lanes);
  total_.update().vectorize(co_, lanes);

  sums_.compute_root().bound(px_, 0, size_).bound(py_, 0, size_).vectorize(co_, lanes).parallel(group_at_);
  Stage update = sums_.update();
  update.split(co_, co_, coi, width).split(ci_, ci_, cii, narrow(channel_tile_));
  update.reorder({coi, cii, ci_, co_, px_, py_, q_.x, q_.y, group_at_});
  update.vectorize(coi, lanes).unroll(coi).unroll(cii).parallel(group_at_);
  part_.compute_at(sums_, ci_).store_in(MemoryType::Stack);
  const auto unroll_tile = [&](Stage stage) { stage.vectorize(co_, lanes).unroll(co_).unroll(ci_); };
  unroll_tile(part_);
  Stage products = part_.update();
  products.reorder({co_, ci_, r_.x});
  unroll_tile(products);
  const int32_t storage = narrow(rows_ * tiles_x_ * images_) | 1;
  for (TwoPasses* passes : {&data_, &filters_}) {
    passes->all.compute_at(sums_, q_.x).bound_storage(t_, storage);
    const bool divides = (passes == &data_ ? geometry_.channels : geometry_.filters) % lanes == 0;
    passes->all.split(c_, c_, inner, lanes, divides ? TailStrategy::Auto : TailStrategy::ShiftInwards);
    passes->all.reorder({inner, passes->y, passes->x, c_, t_, strip_, images_at_}).vectorize(inner);
    unroll_passes(*passes, c_, lanes, passes->all, c_);
  }
  copy_at(x_, lanes, images_, {sums_, q_.x});
  copy_at(gradient_, lanes, images_, {sums_, q_.x});
  text_ = "F(" + std::to_string(m_) + "), " + std::to_string(channel_tile_) + " channels x " +
          std::to_string(vectors_.vectors) + " vectors of " + std::to_string(vectors_.lanes) + ", " +
          (images_ > 1 ? std::to_string(images_) + " images" : std::to_string(rows_) + " rows of tiles") + ", " +
          std::to_string(group_) + " images a group";
}

}  // namespace kcc
