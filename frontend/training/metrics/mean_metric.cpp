#include "frontend/training/metrics/mean_metric.h"

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/training/sample_weights.h"

namespace kcc {
namespace {

ValueId sample_means(Builder& b, ValueId x) {
  return b.type(x).rank() > 1 ? mean(b, x, axes_from(b, x, 1)) : x;
}

// Brings values to the rank of their weights: further axes are averaged, missing ones say the same for every step.
ValueId match_rank(Builder& b, ValueId values, ValueId weights) {
  const int64_t rank = b.type(weights).rank();
  if (b.type(values).rank() >= rank)
    return b.type(values).rank() > rank ? mean(b, values, axes_from(b, values, rank)) : values;
  return broadcast_in_dims(b, values, b.shape(weights), axes_from(b, values, 0));
}

std::vector<ValueId> weighted(Builder& b, ValueId values, ValueId weights) {
  values = mul(b, match_rank(b, values, weights), weights);
  return {sum_of(b, sample_means(b, values)), sum_of(b, sample_means(b, weights))};
}

}  // namespace

std::vector<MetricState> mean_states() {
  return {{"total", {DType::kF32, {}}}, {"count", {DType::kF32, {}}}};
}

ValueId mean_result(Builder& b, const std::vector<ValueId>& states) {
  return divide_or_zero(b, states[0], states[1]);
}

Metric mean_metric(CompareFunction values, CompareFunction counted) {
  Metric metric;
  metric.states = mean_states();
  metric.result = mean_result;
  metric.update = [=](Builder& b, const MetricBatch& batch) -> std::vector<ValueId> {
    const ValueId v = values(b, batch.comparison);
    if (batch.weights < 0 && batch.mask < 0) return {sum_of(b, sample_means(b, v)), extent(b, batched_shape({}))};
    ValueId weights = batch.weights >= 0 ? merge_mask(b, batch.weights, batch.mask) : cast(b, batch.mask, DType::kF32);
    if (counted) weights = merge_mask(b, weights, counted(b, batch.comparison));
    return weighted(b, v, weights);
  };
  return metric;
}

Metric batch_mean_metric(CompareFunction values) {
  Metric metric;
  metric.weighable = false;
  metric.states = mean_states();
  metric.result = mean_result;
  metric.update = [=](Builder& b, const MetricBatch& batch) -> std::vector<ValueId> {
    const ValueId v = values(b, batch.comparison);
    const Shape shape = b.shape(v);
    return {sum_of(b, sample_means(b, v)), extent(b, shape.empty() ? Shape{} : Shape{shape[0]})};
  };
  return metric;
}

}  // namespace kcc
