#include "codegen/kernels/winograd.h"

#include <algorithm>
#include <cstdlib>

namespace kcc {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

namespace {

int64_t round_up(int64_t value, int64_t step) {
  return (value + step - 1) / step * step;
}

int64_t divide_up(int64_t value, int64_t by) {
  return (value + by - 1) / by;
}

// What a strip's transformed data and products may take: half of a small second cache.
constexpr int64_t kStripBytes = 1 << 19;
// Transforms of six points err by up to 4e-6 of the largest result at 512 channels, growing with their root.
constexpr int64_t kMostChannels = 1024;
// What Winograd must save at least, as a share of the direct way's squared cost.
constexpr double kWorthwhile = 0.8;
// Parallel tasks of a batch that schedules are made for, at least.
constexpr int64_t kTasks = 8;

// Taps in ascending order: the input gradient reads its source backwards.
WindowProduct ascending(WindowProduct product) {
  const auto weight = product.weight;
  const Integers taps = product.taps, steps = product.tap_step;
  for (size_t d = 0; d < taps.size(); ++d) {
    if (steps[d] > 0) continue;
    product.offset[d] -= taps[d] - 1;
    product.tap_step[d] = 1;
  }
  product.weight = [=](const Expr& channel, const Index& tap, const Expr& result) {
    Index turned = tap;
    for (size_t d = 0; d < taps.size(); ++d)
      if (steps[d] < 0) turned[d] = narrow(taps[d] - 1) - tap[d];
    return weight(channel, turned, result);
  };
  return product;
}

// Whether transforms for the windows are at hand and vectors of channels are full.
bool has_form(const WindowProduct& product, const MachineTarget& target) {
  if (product.taps.size() != 2 || product.groups != 1) return false;
  if (product.source_channels < target.lanes || product.channels < target.lanes) return false;
  for (size_t d = 0; d < 2; ++d)
    if (product.taps[d] != product.taps[0] || product.step[d] != 1 || std::abs(product.tap_step[d]) != 1) return false;
  return product.taps[0] == 3 || product.taps[0] == 5;
}

// The m of F(m x m, r x r) with transforms of four or six points.
std::vector<int64_t> result_tiles(int64_t r) {
  return r == 3 ? std::vector<int64_t>{2, 4} : std::vector<int64_t>{2};
}

// Time for a batch, in vector multiply-adds at peak; m of 0: directly. The factors are measured, on AVX-512 and AVX2,
// over images of 6 to 112 pixels and 16 to 256 channels.
double estimate(const WindowProduct& product, int64_t m, const MachineTarget& target, int64_t batch) {
  const auto vectors = [&](int64_t channels) { return static_cast<double>(divide_up(channels, target.lanes)); };
  const double in = static_cast<double>(product.source_channels), images = static_cast<double>(batch);
  const int64_t r = product.taps[0], points = (m + r - 1) * (m + r - 1);
  const double products = in * vectors(product.channels);  // of one pixel, tap or point
  if (m == 0) return 1.1 * images * static_cast<double>(r * r * product.extents[0] * product.extents[1]) * products;
  const int64_t tiles = divide_up(product.extents[0], m) * divide_up(product.extents[1], m);
  const double all = images * static_cast<double>(tiles * points);
  const double transforms =
      2.3 * static_cast<double>(m + r - 1) * (vectors(product.source_channels) + vectors(product.channels));
  return all * (1.25 * products + transforms) + 25 * static_cast<double>(points) * products;
}

}  // namespace

int choose_winograd(const WindowProduct& product, const MachineTarget& target, const ScheduleOptions& options,
                    Choices& choices) {
  if (!options.winograd || !has_form(product, target)) return 0;
  const std::vector<int64_t> legal = result_tiles(product.taps[0]);
  // One sample counts as much as the batch: the same kernels predict.
  const auto cost = [&](int64_t m) {
    return estimate(product, m, target, 1) * estimate(product, m, target, options.batch);
  };
  int64_t best = 0;
  for (int64_t m : legal) {
    if (m + product.taps[0] - 1 > 4 && product.source_channels > kMostChannels) continue;
    if (cost(m) < (best == 0 ? kWorthwhile : 1) * cost(best)) best = m;
  }
  std::vector<int64_t> all{0};
  all.insert(all.end(), legal.begin(), legal.end());
  return narrow(choices.pick("winograd", best, all));
}

WinogradProduct::WinogradProduct(const WindowProduct& product, const ImageVars& vars, const MachineTarget& target,
                                 const ScheduleOptions& options, int m, const Expr& batch, Choices& choices)
    : product_(ascending(product)),
      vars_(vars),
      target_(target),
      m_(m),
      size_(m + narrow(product.taps[0]) - 1),
      tiles_y_(divide_up(product.extents[0], m)),
      tiles_x_(divide_up(product.extents[1], m)) {
  choose_strip(options, choices);
  define(batch);
}

void WinogradProduct::choose_strip(const ScheduleOptions& options, Choices& choices) {
  const bool wide = target_.registers == 32;
  vectors_ = pick_vectors(choices, choose_vectors(product_.channels, target_.lanes, 2, false), product_.channels,
                          target_.lanes, wide ? 4 : 3, false);
  const int64_t room = std::max<int64_t>(1, (target_.registers - 4) / vectors_.vectors);
  const int64_t in = product_.source_channels, result = product_.channels;
  const int64_t tile_bytes = (in + result) * size_ * size_ * 4, image = tiles_y_ * tiles_x_;
  const int64_t most = std::max(kStripBytes / tile_bytes, in * result / (2 * (in + result)));
  const int64_t images = std::clamp<int64_t>(most / image, 1, std::max<int64_t>(1, options.batch / kTasks));
  strip_.images = images;
  const int64_t rows = std::clamp<int64_t>(most / tiles_x_, 1, tiles_y_);
  const auto any = [](int64_t) { return true; };
  strip_.rows = images > 1 ? tiles_y_
                           : choices.pick("rows", divide_up(tiles_y_, divide_up(tiles_y_, rows)),
                                          numbers(1, std::min(tiles_y_, 4 * rows), any));
  const int64_t tiles = strip_.rows * tiles_x_ * strip_.images;
  strip_.columns =
      choices.pick("columns", choose_tile(tiles, (room + 1) / 2, room), numbers((room + 1) / 2, room, any));
  // Odd: planes whose distance is a power of two would fall on the same lines of a cache.
  strip_.storage = round_up(tiles, strip_.columns) | 1;
}

void WinogradProduct::define(const Expr& batch) {
  const WinogradTransforms transforms = winograd_transforms(m_, size_ - m_ + 1);
  const Var c = vars_.c, n = vars_.n, y = vars_.spatial[0], x = vars_.spatial[1];
  const int32_t width = vectors_.width(), across = narrow(tiles_x_), image = narrow(tiles_x_ * tiles_y_);
  // A panel of result channels after the other; past the last they repeat it.
  Expr result = panel_ * width + c;
  if (product_.channels % width != 0) result = Halide::min(result, narrow(product_.channels - 1));
  weights_ = two_passes("weights", transforms.weights, {c, channel_, panel_}, [&](const Expr& row, int column) {
    return product_.weight(channel_, {row, column}, result);
  });
  bool zeros = false;
  for (size_t d = 0; d < 2; ++d) {
    const int64_t last = product_.extents[d] - 1 + size_ - m_ + product_.offset[d];
    zeros |= product_.offset[d] < 0 || last >= product_.source[d];
  }
  source_ = tile_source(product_.read, product_.source, product_.offset, batch, zeros);
  // Register tiles may stick out of the last image.
  const Expr tile = Halide::min(t_, (whole_images() ? batch * image : Expr(image)) - 1);
  const Expr tile_row = whole_images() ? tile / across % narrow(tiles_y_) : tile / across;
  const Expr tile_image = whole_images() ? tile / image : Expr(image_);
  data_ = two_passes("data", transforms.data, {c, t_, image_}, [&](const Expr& row, int column) {
    return source_.read({tile_image, tile_row * m_ + row, tile % across * m_ + column, c});
  });
  r_ = RDom(0, narrow(product_.source_channels), "r");
  partial_(c, t_, image_, px_, py_) = 0.0f;
  partial_(c, t_, image_, px_, py_) +=
      weights_.all(c % width, r_, c / width, px_, py_) * data_.all(r_, t_, image_, px_, py_);
  products_(c, t_, image_, px_, py_) = partial_(c, t_, image_, px_, py_);
  output_ = two_passes("output", transforms.output, {c, t_, image_},
                       [&](const Expr& row, int column) { return products_(c, t_, image_, column, row); });
  const Expr in_image = y / m_ * across + x / m_;
  sum_(c, x, y, n) = output_.all(c, whole_images() ? n * image + in_image : in_image,
                                 whole_images() ? Expr(0) : Expr(n), x % m_, y % m_);
}

void WinogradProduct::schedule(Func out) {
  const Var c = vars_.c, n = vars_.n, y = vars_.spatial[0], x = vars_.spatial[1];
  Var ci("ci"), xi("xi"), yi("yi"), ti("ti"), strip("strip"), both("both");
  const int lanes = target_.lanes;
  const auto tail = [](int64_t extent, int64_t step, TailStrategy otherwise) {
    return extent % step == 0 ? TailStrategy::Auto : otherwise;
  };
  const TailStrategy channel_tail = tail(product_.channels, lanes, TailStrategy::ShiftInwards);
  out.bound(c, 0, narrow(product_.channels)).bound(x, 0, narrow(product_.extents[1]));
  out.bound(y, 0, narrow(product_.extents[0]));
  out.split(c, c, ci, lanes, channel_tail);
  out.split(x, x, xi, m_, tail(product_.extents[1], m_, TailStrategy::GuardWithIf));
  out.split(y, y, yi, m_, tail(product_.extents[0], m_, TailStrategy::GuardWithIf));
  if (whole_images()) {
    out.split(n, strip, n, narrow(strip_.images), TailStrategy::GuardWithIf);
    out.reorder({ci, xi, yi, c, x, y, n, strip}).parallel(strip);
  } else {
    out.split(y, strip, y, narrow(strip_.rows), tail(tiles_y_, strip_.rows, TailStrategy::GuardWithIf));
    out.reorder({ci, xi, yi, c, x, y, strip, n}).fuse(strip, n, both).parallel(both);
  }
  const Var task = whole_images() ? strip : both;
  out.vectorize(ci);
  out.never_partition_all();  // a check a tile costs less than a second body

  output_.all.compute_at(out, c).store_in(MemoryType::Stack);
  output_.all.reorder({c, output_.y, output_.x, t_, image_}).vectorize(c, lanes);
  output_.all.bound_extent(t_, 1).bound_extent(image_, 1);
  unroll_passes(output_, c, lanes, out, c);

  const int32_t storage = narrow(strip_.storage);
  products_.compute_at(out, task).bound(px_, 0, size_).bound(py_, 0, size_).bound_storage(t_, storage);
  products_.split(c, c, ci, vectors_.width(), TailStrategy::RoundUp);
  products_.split(t_, t_, ti, narrow(strip_.columns), TailStrategy::RoundUp);
  products_.reorder({ci, ti, t_, c, image_, px_, py_}).vectorize(ci, lanes).unroll(ci).unroll(ti);
  const auto unroll_tile = [&](Stage stage) { stage.vectorize(c, lanes).unroll(c).unroll(t_); };
  partial_.compute_at(products_, t_).store_in(MemoryType::Stack);
  unroll_tile(partial_);
  Stage update = partial_.update();
  update.reorder({c, t_, r_.x});
  unroll_tile(update);
  if (product_.source_channels % 2 == 0) update.unroll(r_.x, 2);

  data_.all.compute_at(out, task).bound_storage(t_, storage);
  data_.all.split(c, c, ci, lanes, tail(product_.source_channels, lanes, TailStrategy::ShiftInwards));
  data_.all.reorder({ci, data_.y, data_.x, c, t_, image_}).vectorize(ci);
  unroll_passes(data_, c, lanes, data_.all, c);
  // The last register tile may stick out into further images.
  const int64_t beyond = whole_images() ? divide_up(strip_.columns - 1, tiles_x_ * tiles_y_) : 0;
  copy_at(source_, lanes, strip_.images + beyond, {out, task});

  // Planes an odd number of rows apart, as above.
  weights_.all.compute_root()
      .bound(c, 0, vectors_.width())
      .bound_storage(channel_, narrow(product_.source_channels | 1));
  weights_.all.split(c, c, ci, lanes).reorder({ci, weights_.y, weights_.x, c, channel_, panel_}).vectorize(ci);
  weights_.all.fuse(channel_, panel_, both).parallel(both);
  unroll_passes(weights_, c, lanes, weights_.all, c);

  text_ = "F(" + std::to_string(m_) + "), " + std::to_string(strip_.columns) + " x " +
          std::to_string(vectors_.vectors) + " vectors of " + std::to_string(vectors_.lanes) + ", " +
          (whole_images() ? std::to_string(strip_.images) + " images" : std::to_string(strip_.rows) + " rows of tiles");
  if (source_.copied) text_ += ", padded rows";
}

}  // namespace kcc
