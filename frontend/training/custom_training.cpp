#include "frontend/training/custom_training.h"

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/training/losses/loss_config.h"
#include "frontend/training/metrics/mean_metric.h"

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
  loss.summable = has_positions(*result, prediction);
  loss.values = [prediction, values = comparing(function, loss.class_indices, *result)](
                    Builder& b, const Comparison& c) { return per_position(b, values(b, c), prediction); };
  return loss;
}

std::optional<Metric> custom_metric(const CustomFunction& function, const std::string& name, const Loss& loss,
                                    const Shape& prediction) {
  const auto result = try_out(function, loss.class_indices, prediction);
  if (!result) return std::nullopt;
  const bool per_sample = !result->empty() && (*result)[0] == prediction[0];
  const CompareFunction values = comparing(function, loss.class_indices, *result);
  Metric metric = per_sample ? mean_metric(values) : batch_mean_metric(values);
  metric.name = name;
  metric.labels = Labels::kAsLoss;
  metric.is_custom = true;
  return metric;
}

}  // namespace kcc
