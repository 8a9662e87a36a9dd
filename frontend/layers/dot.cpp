// Dot: products of each sample's two tensors, summed over one axis of each.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.config.epsilon()

using Axes = std::array<int64_t, 2>;

Axes read_axes(ConfigReader& c) {
  const json::Value* value = c.find("axes");
  if (value && value->kind == json::Kind::kInteger) return {value->integer, value->integer};
  const auto is_integer = [](const json::Value& item) { return item.kind == json::Kind::kInteger; };
  if (value && value->items.size() == 2 && std::all_of(value->items.begin(), value->items.end(), is_integer))
    return {value->items[0].integer, value->items[1].integer};
  c.error("axes", "an axis or two of them");
  return {-1, -1};
}

// Empty where an axis does not exist or is the batch's.
std::optional<Axes> positive_axes(const Axes& axes, const Shape& x, const Shape& y) {
  const auto at_x = positive_axis(axes[0], x.size()), at_y = positive_axis(axes[1], y.size());
  if (!at_x || !at_y || *at_x == 0 || *at_y == 0) return std::nullopt;
  return Axes{*at_x, *at_y};
}

// The dimensions of a sample without the axis.
std::vector<int64_t> other_axes(const Shape& shape, int64_t axis) {
  std::vector<int64_t> others;
  for (int64_t i = 1; i < static_cast<int64_t>(shape.size()); ++i)
    if (i != axis) others.push_back(i);
  return others;
}

Shape output_shape(const Shape& x, const Shape& y, const Axes& axes) {
  Shape shape{x[0]};
  for (int64_t i : other_axes(x, axes[0])) shape.push_back(x[static_cast<size_t>(i)]);
  for (int64_t i : other_axes(y, axes[1])) shape.push_back(y[static_cast<size_t>(i)]);
  if (shape.size() == 1) shape.push_back(Dim{});
  return shape;
}

// One matrix a sample, (B, rest, axis) or (B, axis, rest).
struct Matrices {
  ValueId value;
  bool axis_first;
};

Matrices as_matrices(Builder& b, ValueId x, int64_t axis) {
  const Shape shape = b.shape(x);
  const std::vector<int64_t> others = other_axes(shape, axis);
  const bool axis_first = axis == 1 && !others.empty();
  if (!axis_first && axis + 1 < static_cast<int64_t>(shape.size())) {
    std::vector<int64_t> perm{0};
    perm.insert(perm.end(), others.begin(), others.end());
    perm.push_back(axis);
    x = transpose(b, x, perm);
  }
  Shape rest;
  for (int64_t i : others) rest.push_back(shape[static_cast<size_t>(i)]);
  const Dim size = element_count(rest), summed = shape[static_cast<size_t>(axis)];
  return {reshape(b, x, axis_first ? Shape{shape[0], summed, size} : Shape{shape[0], size, summed}), axis_first};
}

// One of the two is a vector a sample: products with it along the other's axis, added up there.
ValueId times_vector(Builder& b, ValueId x, int64_t axis, ValueId vector) {
  return reduce_sum(b, mul(b, x, broadcast_in_dims(b, vector, b.shape(x), {0, axis})), {axis});
}

ValueId product(Builder& b, ValueId x, ValueId y, const Axes& axes) {
  if (b.type(y).rank() == 2) return times_vector(b, x, axes[0], y);
  if (b.type(x).rank() == 2) return times_vector(b, y, axes[1], x);
  const Matrices mx = as_matrices(b, x, axes[0]), my = as_matrices(b, y, axes[1]);
  return matmul(b, mx.value, my.value, mx.axis_first, !my.axis_first);
}

}  // namespace

LayerBody dot_layer(LayerConfig& c) {
  const Axes axes = read_axes(c);
  const bool normalized = c.boolean("normalize", false);
  LayerBody body;
  body.min_inputs = body.max_inputs = 2;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    const Shape &x = inputs[0], &y = inputs[1];
    const auto at = positive_axes(axes, x, y);
    const bool fits = at && x[static_cast<size_t>((*at)[0])] == y[static_cast<size_t>((*at)[1])];
    if (fits) return output_shape(x, y, *at);
    return misfit(
        fmt::format("the axes {} and {} of Dot, neither of them the batch's, must have equal extents in {} and {}",
                    axes[0], axes[1], keras_shape(x), keras_shape(y)));
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    ValueId x = inputs[0], y = inputs[1];
    const Axes at = *positive_axes(axes, b.shape(x), b.shape(y));
    const Shape shape = output_shape(b.shape(x), b.shape(y), at);
    if (normalized) {
      x = to_unit_length(b, x, {at[0]}, kEpsilon);
      y = to_unit_length(b, y, {at[1]}, kEpsilon);
    }
    return reshape(b, product(b, x, y, at), shape);
  };
  return body;
}

}  // namespace kcc
