#include "frontend/layers/recurrent_options.h"

#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"

namespace kcc {
namespace {

// Numbers of a seed's second and later draws.
constexpr int64_t kNextDraw = 0x9E3779B1;

double clipped_rate(LayerConfig& c, const char* key) {
  return std::clamp(c.number(key, 0), 0.0, 1.0);
}

std::vector<ValueId> masks(CallScope& scope, double rate, int64_t seed, const Shape& shape, int64_t count) {
  Builder& b = scope.b;
  if (rate >= 1) return std::vector<ValueId>(static_cast<size_t>(count), broadcast_to(b, constant(b, 0.0), shape));
  Shape all = shape;
  all.insert(all.begin(), Dim{count, false});
  const ValueId numbers = scope.random(all, seed);
  const ValueId kept = select(b, at_least(b, numbers, rate), constant(b, 1 / (1 - rate)), constant(b, 0.0));
  std::vector<ValueId> result;
  std::vector<int64_t> starts(all.size(), 0), sizes;
  for (const Dim& dim : all) sizes.push_back(dim.size);
  sizes[0] = 1;
  for (int64_t k = 0; k < count; ++k) {
    starts[0] = k;
    result.push_back(reshape(b, slice(b, kept, starts, sizes, std::vector<int64_t>(all.size(), 1)), shape));
  }
  return result;
}

}  // namespace

std::vector<Weight> RecurrentOptions::weights(int64_t features, int64_t gates,
                                              const std::vector<int64_t>& bias_shape) const {
  std::vector<Weight> weights = kernel.weights({features, gates * units}, gates * units);
  weights.insert(
      weights.begin() + 1,
      {"recurrent_kernel", {units, gates * units}, recurrent, true, recurrent_penalty, recurrent_constraint});
  if (kernel.use_bias) weights.back().shape = bias_shape;
  return weights;
}

RecurrentOptions read_recurrent_options(LayerConfig& c, bool gated) {
  RecurrentOptions o;
  o.units = c.positive("units");
  o.kernel = read_kernel_options(c);
  o.recurrent = read_initializer(c, "recurrent_initializer", "orthogonal");
  o.recurrent_penalty = read_penalty(c, "recurrent_regularizer");
  o.recurrent_constraint = read_constraint(c, "recurrent_constraint");
  o.activation = read_activation(c, "activation", "tanh");
  if (gated) o.recurrent_activation = read_activation(c, "recurrent_activation", "sigmoid");
  o.dropout = clipped_rate(c, "dropout");
  o.recurrent_dropout = clipped_rate(c, "recurrent_dropout");
  o.seed = read_seed(c);
  o.by_gate = gated && (c.integer("implementation", 2) == 1 || o.recurrent_dropout != 0);
  // A rate of 1 leaves gated cells as they are and empties simple ones, as in Keras.
  if (gated && o.dropout == 1) o.dropout = 0;
  if (gated && o.recurrent_dropout == 1) o.recurrent_dropout = 0;
  c.ignore({"use_cudnn"});
  return o;
}

std::vector<ValueId> input_masks(CallScope& scope, const RecurrentOptions& o, ValueId x, int64_t count) {
  if (!scope.training || o.dropout == 0) return {};
  const Shape shape = scope.b.shape(x);
  return masks(scope, o.dropout, o.seed, {shape[1], shape[2]}, o.by_gate ? count : 1);
}

std::vector<ValueId> state_masks(CallScope& scope, const RecurrentOptions& o, ValueId x, int64_t count) {
  if (!scope.training || o.recurrent_dropout == 0) return {};
  const Shape shape{scope.b.shape(x)[1], Dim{o.units, false}};
  return masks(scope, o.recurrent_dropout, o.seed < 0 ? -1 : o.seed + kNextDraw, shape, o.by_gate ? count : 1);
}

ValueId project(Builder& b, ValueId x, ValueId w, ValueId bias) {
  const Shape shape = b.shape(x);
  const Dim columns = b.shape(w)[1];
  ValueId y = matmul(b, reshape(b, x, {Dim{shape[0].size * shape[1].size, true}, shape[2]}), w);
  if (bias >= 0) y = add(b, y, bias);
  return reshape(b, y, {shape[0], shape[1], columns});
}

ValueId project_gates(CallScope& scope, const RecurrentOptions& o, ValueId x, ValueId bias, int64_t gates,
                      const std::vector<ValueId>& masks) {
  Builder& b = scope.b;
  const ValueId w = scope.weight("kernel");
  if (masks.empty()) return project(b, x, w, bias);
  if (masks.size() == 1) return project(b, mul(b, x, masks[0]), w, bias);
  std::vector<ValueId> parts;
  for (int64_t k = 0; k < gates; ++k) {
    const ValueId part = bias < 0 ? -1 : gate_of(b, bias, k, o.units);
    parts.push_back(project(b, mul(b, x, masks[static_cast<size_t>(k)]), gate_of(b, w, k, o.units), part));
  }
  return concat(b, parts, -1);
}

ValueId gate_of(Builder& b, ValueId z, int64_t k, int64_t units, int64_t count) {
  const Shape shape = b.shape(z);
  std::vector<int64_t> starts(shape.size(), 0), sizes;
  for (const Dim& dim : shape) sizes.push_back(dim.size);
  starts.back() = k * units;
  sizes.back() = count * units;
  return slice(b, z, starts, sizes, std::vector<int64_t>(shape.size(), 1));
}

}  // namespace kcc
