// Flatten, Permute, RepeatVector, Reshape.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/ops/shape.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

// Elements of one sample.
int64_t sample_size(const Shape& shape) {
  return element_count(Shape(shape.begin() + 1, shape.end())).size;
}

}  // namespace

LayerBody flatten(LayerConfig& c) {
  const DataFormat format = read_data_format(c);
  LayerBody body;
  body.takes_integers = true;
  body.infer = [](const Shapes& inputs) -> std::optional<Shape> { return with_batch_of(inputs[0], {sample_size(inputs[0])}); };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    ValueId x = b.type(inputs[0]).rank() > 1 ? to_channels_last(b, inputs[0], format) : inputs[0];
    return reshape(b, x, with_batch_of(b.shape(x), {sample_size(b.shape(x))}));
  };
  return body;
}

// dims: where each dimension of a sample comes from, counted from 1.
LayerBody permute(LayerConfig& c) {
  const std::vector<int64_t> dims = c.shape("dims").value_or(std::vector<int64_t>{});
  std::vector<int64_t> sorted = dims;
  std::sort(sorted.begin(), sorted.end());
  bool good = !dims.empty();
  for (size_t i = 0; i < sorted.size(); ++i) good = good && sorted[i] == static_cast<int64_t>(i) + 1;
  if (!good) c.error("dims", "the numbers from 1 to the number of dimensions, in any order");
  LayerBody body;
  body.takes_integers = true;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    if (!has_rank(inputs[0], dims.size() + 1, "Permute", misfit)) return std::nullopt;
    Shape shape{inputs[0][0]};
    for (int64_t dim : dims) shape.push_back(inputs[0][static_cast<size_t>(dim)]);
    return shape;
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    std::vector<int64_t> order = dims;
    order.insert(order.begin(), 0);
    return transpose(scope.b, inputs[0], order);
  };
  return body;
}

// (B, C) -> (B, n, C)
LayerBody repeat_vector(LayerConfig& c) {
  const int64_t n = c.positive("n");
  LayerBody body;
  body.takes_integers = true;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    if (!has_rank(inputs[0], 2, "RepeatVector", misfit)) return std::nullopt;
    return Shape{inputs[0][0], Dim{n, false}, inputs[0][1]};
  };
  body.call = [infer = body.infer](CallScope& scope, const std::vector<ValueId>& inputs) {
    return broadcast_in_dims(scope.b, inputs[0], *infer({scope.b.shape(inputs[0])}), {0, 2});
  };
  return body;
}

LayerBody reshape_layer(LayerConfig& c) {
  const std::vector<int64_t> target = c.shape("target_shape").value_or(std::vector<int64_t>{});
  if (!c.has("target_shape")) c.error("target_shape", "a list of extents");
  int64_t open = 0;
  for (int64_t extent : target) open += extent == -1;
  for (int64_t extent : target)
    if (open > 1 || extent < -1 || extent == 0) {
      c.error("target_shape", "positive extents, at most one of them -1");
      break;
    }
  LayerBody body;
  body.takes_integers = true;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    const int64_t total = sample_size(inputs[0]);
    int64_t known = 1;
    for (int64_t extent : target)
      if (extent != -1 && (extent == 0 || __builtin_mul_overflow(known, extent, &known)))
        return misfit("target_shape has too many elements");
    if (open == 0 ? known != total : total % known != 0)
      return misfit(fmt::format("target_shape ({}) does not fit the input {}, which has {} elements a sample",
                                fmt::join(target, ", "), keras_shape(inputs[0]), total));
    std::vector<int64_t> extents = target;
    for (int64_t& extent : extents)
      if (extent == -1) extent = total / known;
    return with_batch_of(inputs[0], extents);
  };
  body.call = [infer = body.infer](CallScope& scope, const std::vector<ValueId>& inputs) {
    return reshape(scope.b, inputs[0], *infer({scope.b.shape(inputs[0])}));
  };
  return body;
}

}  // namespace kcc
