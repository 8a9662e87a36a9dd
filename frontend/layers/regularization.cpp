// ActivityRegularization, and layers that are noise while training: AlphaDropout, Dropout, GaussianDropout,
// GaussianNoise, SpatialDropout1D, 2D and 3D.
#include <fmt/format.h>

#include <cmath>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

double read_rate(ConfigReader& c) {
  const double rate = c.number("rate", 0);
  if (!c.has("rate") || !(rate >= 0 && rate <= 1)) c.error("rate", "a number from 0 to 1");
  return rate;
}

// A layer that is nothing but in training.
template <typename Train>
LayerBody noise(Train train) {
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.infer = [](const Shapes& inputs) -> std::optional<Shape> { return inputs[0]; };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    return scope.training ? train(scope, inputs[0]) : inputs[0];
  };
  return body;
}

// Extents of the random numbers: those that are 1 are shared, open ones are the input's.
using NoiseShape = std::optional<std::vector<int64_t>>;
Shape noise_shape_of(const NoiseShape& noise, const Shape& shape) {
  Shape result = shape;
  for (size_t i = 0; noise && i < shape.size(); ++i)
    if ((*noise)[i] != -1) result[i] = {(*noise)[i], false};
  return result;
}

// Refuses inputs that the noise does not broadcast to.
void check_noise_shape(LayerConfig& c, const NoiseShape& noise, LayerBody& body) {
  if (!noise) return;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    const Shape& shape = inputs[0];
    bool fits = noise->size() == shape.size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
      fits = (*noise)[i] == -1 || (*noise)[i] == 1 || Dim{(*noise)[i]} == shape[i];
    if (fits) return shape;
    return misfit(fmt::format("noise_shape ({}) does not broadcast to the input {}, -1 being the input's extent",
                              fmt::join(*noise, ", "), keras_shape(shape)));
  };
}

// Each element is kept with probability 1 - rate and scaled by 1 / (1 - rate).
ValueId drop(CallScope& scope, ValueId x, double rate, const Shape& noise, int64_t seed) {
  Builder& b = scope.b;
  const Shape shape = b.shape(x);
  if (rate == 0) return x;
  if (rate == 1) return broadcast_to(b, constant(b, 0.0), shape);
  ValueId kept = at_least(b, scope.random(noise, seed), rate);
  return select(b, kept, mul(b, x, 1 / (1 - rate)), constant(b, 0.0));
}

// Whole maps of features are kept or dropped.
LayerBody spatial_dropout(LayerConfig& c, size_t rank) {
  const double rate = read_rate(c);
  const int64_t seed = read_seed(c);
  const DataFormat format = rank == 3 ? DataFormat::kChannelsLast : read_data_format(c);
  LayerBody body = noise([=](CallScope& scope, ValueId x) {
    const Shape shape = scope.b.shape(x);
    Shape maps(rank);
    maps[0] = shape[0];
    maps[channel_axis(format, rank)] = shape[channel_axis(format, rank)];
    return drop(scope, x, rate, maps, seed);
  });
  body.infer = [=, misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    if (inputs[0].size() == rank) return inputs[0];
    return misfit(fmt::format("{} needs an input of rank {}, not {}", name, rank, keras_shape(inputs[0])));
  };
  return body;
}

// Two streams of one seed.
int64_t second_seed(int64_t seed) {
  return seed < 0 ? seed : seed + 0x1f3d5b79;
}

// Standard normal numbers: sqrt(-2 log(u)) cos(2 pi v) for u in (0, 1], v in [0, 1), Box and Muller 1958.
ValueId random_normal(CallScope& scope, Shape shape, int64_t seed) {
  Builder& b = scope.b;
  ValueId u = sub(b, 1.0, scope.random(shape, seed)), v = scope.random(shape, second_seed(seed));
  ValueId radius = unary(b, OpKind::kSqrt, mul(b, unary(b, OpKind::kLog, u), -2.0));
  return mul(b, radius, unary(b, OpKind::kCos, mul(b, v, 2 * 3.14159265358979323846)));
}

}  // namespace

LayerBody activity_regularization(LayerConfig& c) {
  const Penalty penalty{c.number("l1", 0), c.number("l2", 0)};
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.infer = [](const Shapes& inputs) -> std::optional<Shape> { return inputs[0]; };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    if (!penalty.is_none())
      scope.add_loss(div(b, penalty_of(b, inputs[0], penalty), extent(b, {b.shape(inputs[0])[0]})));
    return inputs[0];
  };
  return body;
}

// What is dropped becomes the negative saturation of selu; then mean and variance are restored (Klambauer et al. 2017).
LayerBody alpha_dropout(LayerConfig& c) {
  const double rate = read_rate(c);
  if (rate == 1) c.error("rate", "a number below 1");
  const NoiseShape shared = c.shape("noise_shape");
  const int64_t seed = read_seed(c);
  const double saturation = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946;
  const double factor = 1 / std::sqrt((1 - rate) * (1 + rate * saturation * saturation));
  LayerBody body = noise([=](CallScope& scope, ValueId x) {
    Builder& b = scope.b;
    if (rate == 0) return x;
    ValueId kept = at_least(b, scope.random(noise_shape_of(shared, b.shape(x)), seed), rate);
    ValueId y = select(b, kept, x, constant(b, saturation));
    return add(b, mul(b, y, factor), -factor * saturation * rate);
  });
  check_noise_shape(c, shared, body);
  return body;
}

LayerBody dropout(LayerConfig& c) {
  const double rate = read_rate(c);
  const NoiseShape shared = c.shape("noise_shape");
  const int64_t seed = read_seed(c);
  LayerBody body = noise([=](CallScope& scope, ValueId x) {
    return drop(scope, x, rate, noise_shape_of(shared, scope.b.shape(x)), seed);
  });
  check_noise_shape(c, shared, body);
  return body;
}

// Multiplies by normal numbers of mean 1 and the deviation that Dropout would have.
LayerBody gaussian_dropout(LayerConfig& c) {
  const double rate = read_rate(c);
  if (rate == 1) c.error("rate", "a number below 1");
  const int64_t seed = read_seed(c);
  return noise([=](CallScope& scope, ValueId x) {
    Builder& b = scope.b;
    if (rate == 0) return x;
    ValueId deviation = mul(b, random_normal(scope, b.shape(x), seed), std::sqrt(rate / (1 - rate)));
    return mul(b, x, add(b, deviation, 1.0));
  });
}

LayerBody gaussian_noise(LayerConfig& c) {
  const double deviation = c.number("stddev", 0);
  if (!c.has("stddev") || !(deviation >= 0 && deviation <= 1)) c.error("stddev", "a number from 0 to 1");
  const int64_t seed = read_seed(c);
  return noise([=](CallScope& scope, ValueId x) {
    Builder& b = scope.b;
    return deviation == 0 ? x : add(b, x, mul(b, random_normal(scope, b.shape(x), seed), deviation));
  });
}

LayerBody spatial_dropout1d(LayerConfig& c) {
  return spatial_dropout(c, 3);
}
LayerBody spatial_dropout2d(LayerConfig& c) {
  return spatial_dropout(c, 4);
}
LayerBody spatial_dropout3d(LayerConfig& c) {
  return spatial_dropout(c, 5);
}

}  // namespace kcc
