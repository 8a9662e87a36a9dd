// How often predictions are right, as keras/src/metrics/accuracy_metrics.py counts.
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/training/metrics/mean_metric.h"
#include "frontend/training/metrics/recipes.h"

namespace kcc {
namespace {

ValueId as_number(Builder& b, ValueId condition) {
  return cast(b, condition, DType::kF32);
}
ValueId equal(Builder& b, ValueId x, ValueId y) {
  return as_number(b, binary(b, OpKind::kEq, x, y));
}

// (B, ..., C), (B, ...) classes -> 1 where fewer than k predictions are greater than the class's own. As in Keras, a
// prediction that is NaN is the least of all.
ValueId in_top_k(Builder& b, ValueId prediction, ValueId classes, int64_t k) {
  const Shape shape = b.shape(prediction);
  Shape column = shape;
  column.back() = Dim{};
  const ValueId is_class = binary(b, OpKind::kEq, iota(b, shape, -1), reshape(b, classes, column));
  const ValueId own = reduce_sum(b, select(b, is_class, prediction, constant(b, 0.0)), {-1}, true);
  const ValueId beaten =
      binary(b, OpKind::kOr, binary(b, OpKind::kGt, prediction, own), binary(b, OpKind::kNe, own, own));
  return as_number(b, less(b, reduce_sum(b, as_number(b, beaten), {-1}), static_cast<double>(k)));
}

// Predictions that are sorted class numbers: 1 where one of the first k is the class.
ValueId among_first_k(Builder& b, const Comparison& c, int64_t k) {
  const Shape shape = b.shape(c.prediction);
  Shape column = shape;
  column.back() = Dim{};
  std::vector<int64_t> starts(shape.size(), 0), sizes, strides(shape.size(), 1);
  for (const Dim& dim : shape) sizes.push_back(dim.size);
  sizes.back() = std::min(k, sizes.back());
  const ValueId label = reshape(b, cast(b, c.target, DType::kF32), column);
  return reduce_max(b, equal(b, slice(b, c.prediction, starts, sizes, strides), label), {-1});
}

Metric of_classes(Metric metric) {
  metric.labels = Labels::kClasses;
  return metric;
}

}  // namespace

std::optional<Metric> accuracy(MetricConfig&) {
  return mean_metric([](Builder& b, const Comparison& c) { return equal(b, c.target, c.prediction); });
}

std::optional<Metric> binary_accuracy(MetricConfig& c) {
  c.options.positional({"name", "dtype", "threshold"});
  const double threshold = c.options.number("threshold", 0.5);
  return mean_metric([=](Builder& b, const Comparison& c) {
    return equal(b, c.target, as_number(b, greater(b, c.prediction, threshold)));
  });
}

std::optional<Metric> categorical_accuracy(MetricConfig&) {
  return mean_metric(
      [](Builder& b, const Comparison& c) { return equal(b, argmax(b, c.target, -1), argmax(b, c.prediction, -1)); });
}

std::optional<Metric> sparse_categorical_accuracy(MetricConfig&) {
  return of_classes(
      mean_metric([](Builder& b, const Comparison& c) { return equal(b, c.target, argmax(b, c.prediction, -1)); }));
}

std::optional<Metric> top_k_accuracy(MetricConfig& c) {
  c.options.positional({"k", "name", "dtype"});
  const int64_t k = c.options.positive("k", 5);
  return mean_metric(
      [=](Builder& b, const Comparison& c) { return in_top_k(b, c.prediction, argmax(b, c.target, -1), k); });
}

std::optional<Metric> sparse_top_k_accuracy(MetricConfig& c) {
  c.options.positional({"k", "name", "dtype", "from_sorted_ids"});
  const int64_t k = c.options.positive("k", 5);
  const bool sorted = c.options.boolean("from_sorted_ids", false);
  return of_classes(mean_metric([=](Builder& b, const Comparison& c) {
    return sorted ? among_first_k(b, c, k) : in_top_k(b, c.prediction, c.target, k);
  }));
}

}  // namespace kcc
