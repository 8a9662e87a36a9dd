#include "frontend/training/custom_training.h"

#include <numeric>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"

namespace kcc {
namespace {

// Labels as Keras hands them over: floats, and one class number a sample as a column.
Shape label_shape(const Shape& prediction, bool class_indices) {
  Shape shape = prediction;
  if (class_indices && shape.size() > 2) shape.pop_back();
  if (class_indices && shape.size() == 2) shape.back() = Dim{};
  return shape;
}

ValueId labels_of(Builder& b, const Comparison& c, bool class_indices) {
  const Shape shape = label_shape(b.shape(c.prediction), class_indices);
  return reshape(b, cast(b, c.target, DType::kF32), shape);
}

std::vector<int64_t> axes_from(const Builder& b, ValueId x, int64_t first) {
  std::vector<int64_t> axes(static_cast<size_t>(std::max<int64_t>(0, b.type(x).rank() - first)));
  std::iota(axes.begin(), axes.end(), first);
  return axes;
}

// Keras averages whatever a loss returns. Here a value a position is wanted, (B, ...) as other losses have it: where
// the function gives less, its mean is spread, which leaves the mean as it is.
ValueId per_position(Builder& b, ValueId values, const Shape& prediction) {
  const Shape shape = b.shape(values), positions(prediction.begin(), prediction.end() - 1);
  const bool has_them =
      shape.size() >= positions.size() && std::equal(positions.begin(), positions.end(), shape.begin());
  if (has_them) return values;
  const bool has_samples = !shape.empty() && shape[0] == prediction[0];
  const ValueId means = mean(b, values, axes_from(b, values, has_samples ? 1 : 0));
  return has_samples ? broadcast_in_dims(b, means, positions, {0}) : broadcast_to(b, means, positions);
}

CompareFunction comparing(const CustomFunction& function, bool class_indices, const Shape& result) {
  return [=](Builder& b, const Comparison& c) {
    return function.apply(b, {labels_of(b, c, class_indices), c.prediction}, result);
  };
}

std::optional<Shape> try_out(const CustomFunction& function, bool class_indices, const Shape& prediction) {
  const auto type =
      function.try_out({{DType::kF32, label_shape(prediction, class_indices)}, {DType::kF32, prediction}});
  return type ? std::optional(type->shape) : std::nullopt;
}

}  // namespace

std::optional<Loss> custom_loss(const CustomFunction& function, const Shape& prediction) {
  Loss loss;
  loss.name = function.name();
  loss.is_custom = true;
  loss.class_indices = function.wants_class_indices();
  const auto result = try_out(function, loss.class_indices, prediction);
  if (!result) return std::nullopt;
  loss.values = [prediction, values = comparing(function, loss.class_indices, *result)](
                    Builder& b, const Comparison& c) { return per_position(b, values(b, c), prediction); };
  return loss;
}

std::optional<MetricFunction> custom_metric(const CustomFunction& function, const std::string& name, const Loss& loss,
                                            const Shape& prediction) {
  const auto result = try_out(function, loss.class_indices, prediction);
  if (!result) return std::nullopt;
  const bool per_sample = !result->empty() && (*result)[0] == prediction[0];
  MetricFunction metric{name, comparing(function, loss.class_indices, *result), per_sample};
  metric.is_custom = true;
  return metric;
}

}  // namespace kcc
