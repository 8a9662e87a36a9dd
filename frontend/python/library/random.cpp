// Random numbers, for sampling and dropout: new in every step, the same for the same seed of the run.
#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/python/library.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

std::optional<ValueId> uniform_numbers(Call& a, const Shape& shape, size_t seed_argument) {
  if (!a.c.run.random) return a.fail("losses and metrics cannot be random");
  if (!check_shape(a.c, a.mark, shape)) return std::nullopt;
  const auto seed = a.none(seed_argument) ? std::optional<int64_t>(-1) : a.integer(seed_argument);
  if (!seed) return std::nullopt;
  return a.c.run.random(shape, *seed < 0 ? -1 : *seed);
}

// shape, minval, maxval, dtype, seed
Result uniform(Call& a) {
  const auto shape = read_shape(a.c, a.mark, a[0], nullptr);
  const auto low = shape ? a.number(1) : std::nullopt, high = low ? a.number(2) : std::nullopt;
  const auto numbers = high ? uniform_numbers(a, *shape, 4) : std::nullopt;
  return numbers ? Result(Tensor{add(a.b, mul(a.b, *numbers, *high - *low), *low)}) : std::nullopt;
}

// shape, mean, stddev, dtype, seed. Box and Muller 1958: sqrt(-2 log u) cos(2 pi v)
Result normal(Call& a) {
  auto shape = read_shape(a.c, a.mark, a[0], nullptr);
  const auto mean = shape ? a.floats(1) : std::nullopt, deviation = mean ? a.floats(2) : std::nullopt;
  if (!deviation) return std::nullopt;
  Shape pairs = *shape;
  pairs.push_back({2, false});
  const auto numbers = uniform_numbers(a, pairs, 4);
  if (!numbers) return std::nullopt;
  Builder& b = a.b;
  const auto half = [&](int64_t which) {
    const auto part = take_range(a.c, a.mark, *numbers, shape->size(), which, 1, 1);
    return drop_axis(b, *part, shape->size());
  };
  const ValueId u = sub(b, 1.0, half(0));  // in (0, 1]
  const ValueId radius = unary(b, OpKind::kSqrt, mul(b, unary(b, OpKind::kLog, u), -2.0));
  const ValueId sample = mul(b, radius, unary(b, OpKind::kCos, mul(b, half(1), 6.283185307179586)));
  if (!broadcast_shapes(a.c, a.mark, {*shape, b.shape(*mean), b.shape(*deviation)})) return std::nullopt;
  return Tensor{add(b, mul(b, sample, *deviation), *mean)};
}

// shape, p, dtype, seed
Result bernoulli(Call& a) {
  const auto shape = read_shape(a.c, a.mark, a[0], nullptr);
  const auto p = shape ? a.number(1) : std::nullopt;
  const auto numbers = p ? uniform_numbers(a, *shape, 3) : std::nullopt;
  return numbers ? Result(Tensor{cast(a.b, less(a.b, *numbers, *p), DType::kF32)}) : std::nullopt;
}

// x, rate, noise_shape, seed. In training and in prediction alike, as the functions do.
Result dropout(Call& a) {
  const auto x = a.floats(0);
  const auto rate = x ? a.number(1) : std::nullopt;
  if (!rate) return std::nullopt;
  if (!(*rate >= 0 && *rate < 1)) return a.fail("the rate must be at least 0 and less than 1");
  Shape shape = a.b.shape(*x);
  if (!a.none(2)) {
    const auto noise = read_shape(a.c, a.mark, a[2], nullptr);
    const auto both = noise ? broadcast_shapes(a.c, a.mark, {shape, *noise}) : std::nullopt;
    if (!both) return std::nullopt;
    if (*both != shape) return a.fail("noise_shape does not broadcast to the input");
    shape = *noise;
  }
  const auto numbers = uniform_numbers(a, shape, 3);
  if (!numbers) return std::nullopt;
  return Tensor{select(a.b, at_least(a.b, *numbers, *rate), mul(a.b, *x, 1 / (1 - *rate)), constant(a.b, 0.0))};
}

}  // namespace

std::vector<Builtin> random_functions() {
  return {
      {kBackend, "random_normal", "shape, mean=0.0, stddev=1.0, dtype=None, seed=None", normal},
      {kRandom | kTfRandom, "normal", "shape, mean=0.0, stddev=1.0, dtype=None, seed=None", normal},
      {kTf, "random_normal", "shape, mean=0.0, stddev=1.0, dtype=None, seed=None", normal},
      {kBackend, "random_uniform", "shape, minval=0.0, maxval=1.0, dtype=None, seed=None", uniform},
      {kRandom | kTfRandom, "uniform", "shape, minval=0.0, maxval=1.0, dtype=None, seed=None", uniform},
      {kBackend, "random_bernoulli", "shape, p=0.0, dtype=None, seed=None", bernoulli},
      {kBackend, "random_binomial", "shape, p=0.0, dtype=None, seed=None", bernoulli},
      {kBackend, "dropout", "x, level, noise_shape=None, seed=None", dropout},
      {kRandom, "dropout", "inputs, rate, noise_shape=None, seed=None", dropout},
      {kNn, "dropout", "x, rate, noise_shape=None, seed=None", dropout},
  };
}

}  // namespace kcc::python
