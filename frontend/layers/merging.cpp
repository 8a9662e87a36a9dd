// Add, Concatenate.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

std::string list_of(const Shapes& shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "" : ", ") + keras_shape(shape);
  return text;
}

// Extents of 1 are put behind the batch until the rank is reached, as Keras does.
Shape of_rank(Shape shape, size_t rank) {
  if (shape.size() < rank) shape.insert(shape.begin() + 1, rank - shape.size(), Dim{});
  return shape;
}

size_t largest_rank(const Shapes& shapes) {
  size_t rank = 0;
  for (const Shape& shape : shapes) rank = std::max(rank, shape.size());
  return rank;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape result = a;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i] || a[i].is_one() || b[i].is_one())) return std::nullopt;
    if (a[i].is_one()) result[i] = b[i];
  }
  return result;
}

}  // namespace

LayerBody add_layer(LayerConfig& c) {
  LayerBody body;
  body.max_inputs = std::numeric_limits<size_t>::max();
  body.infer = [misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    const size_t rank = largest_rank(inputs);
    Shape result = of_rank(inputs[0], rank);
    for (const Shape& shape : inputs) {
      const auto both = broadcast(result, of_rank(shape, rank));
      if (!both) return misfit(fmt::format("{} needs inputs of equal shape, not {}", name, list_of(inputs)));
      result = *both;
    }
    return result;
  };
  body.call = [](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    Shapes shapes;
    for (ValueId input : inputs) shapes.push_back(b.shape(input));
    const size_t rank = largest_rank(shapes);
    ValueId sum = -1;
    for (size_t i = 0; i < inputs.size(); ++i) {
      ValueId x = reshape(b, inputs[i], of_rank(shapes[i], rank));
      sum = sum < 0 ? x : add(b, sum, x);
    }
    return sum;
  };
  return body;
}

LayerBody concatenate(LayerConfig& c) {
  const int64_t axis = c.integer("axis", -1);
  LayerBody body;
  body.max_inputs = std::numeric_limits<size_t>::max();
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    Shape result = inputs[0];
    const auto at = positive_axis(axis, result.size());
    if (!at || *at == 0)
      return misfit(fmt::format("axis {} of Concatenate does not fit the inputs {}", axis, list_of(inputs)));
    int64_t& extent = result[static_cast<size_t>(*at)].size;
    for (size_t i = 1; i < inputs.size(); ++i) {
      Shape other = inputs[i];
      const int64_t more = other.size() == result.size() ? other[static_cast<size_t>(*at)].size : 0;
      if (more > 0) other[static_cast<size_t>(*at)].size = extent;
      if (other != result)
        return misfit(
            fmt::format("Concatenate needs inputs that differ along axis {} only, not {}", axis, list_of(inputs)));
      extent += more;
    }
    return result;
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) { return concat(scope.b, inputs, axis); };
  return body;
}

}  // namespace kcc
