// Metrics of numbers that are no means of losses, as keras/src/metrics/regression_metrics.py has them.
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/training/losses/loss_config.h"
#include "frontend/training/metrics/mean_metric.h"
#include "frontend/training/metrics/recipes.h"
#include "frontend/training/metrics/vector_result.h"

namespace kcc {
namespace {

enum class Aggregation { kUniform, kVariance };

// States of R2Score, each (C) but the last.
enum R2State { kSum, kSquaredSum, kResidual, kCount, kSamples };

std::vector<ValueId> r2_increments(Builder& b, const MetricBatch& batch) {
  const auto [y, p] = batch.comparison;
  const ValueId ones = broadcast_to(b, constant(b, 1.0), b.shape(y));
  const ValueId weights =
      batch.weights < 0 ? ones : broadcast_to(b, reshape(b, batch.weights, batched_shape({1})), b.shape(y));
  const auto total = [&](ValueId x) { return reduce_sum(b, x, {0}); };
  return {total(mul(b, y, weights)), total(mul(b, y, mul(b, y, weights))),
          total(mul(b, square(b, sub(b, y, p)), weights)), total(weights), extent(b, b.shape(y))};
}

// 1 - residual / variance, 0 where the variance is 0.
ValueId r2_result(Builder& b, const std::vector<ValueId>& s, Aggregation aggregation, double regressors) {
  const ValueId variance = sub(b, s[kSquaredSum], mul(b, s[kSum], div(b, s[kSum], s[kCount])));
  ValueId scores = sub(b, 1.0, div(b, s[kResidual], variance));
  const ValueId infinite = greater(b, absolute(b, scores), 3.4028234e38);
  scores = select(b, infinite, constant(b, 0.0), scores);
  const ValueId score = aggregation == Aggregation::kUniform
                            ? mean(b, scores)
                            : div(b, sum_of(b, mul(b, variance, scores)), sum_of(b, variance));
  if (regressors == 0) return score;
  // Keras counts every output of a sample as a sample of its own here.
  const ValueId left = sub(b, sub(b, s[kSamples], regressors), 1.0);
  const ValueId adjusted = sub(b, 1.0, div(b, mul(b, sub(b, 1.0, score), sub(b, s[kSamples], 1.0)), left));
  return select(b, greater(b, left, 0.0), adjusted, score);
}

}  // namespace

// Unlike other means it does not know masks, in Keras.
std::optional<Metric> root_mean_squared_error(MetricConfig&) {
  Metric metric =
      mean_metric([](Builder& b, const Comparison& c) { return square(b, sub(b, c.prediction, c.target)); });
  metric.update = [update = metric.update](Builder& b, MetricBatch batch) {
    batch.mask = -1;
    return update(b, batch);
  };
  metric.result = [](Builder& b, const std::vector<ValueId>& states) {
    return unary(b, OpKind::kSqrt, mean_result(b, states));
  };
  return metric;
}

// The loss of the same name has the other sign.
std::optional<Metric> cosine_similarity(MetricConfig& c) {
  c.options.positional({"name", "dtype", "axis"});
  const std::vector<int64_t> axes = read_axes(c.options, c.prediction, -1);
  const CompareFunction values = [=](Builder& b, const Comparison& c) {
    return reduce_sum(
        b, mul(b, to_unit_length(b, c.target, axes, kLossEpsilon), to_unit_length(b, c.prediction, axes, kLossEpsilon)),
        axes);
  };
  return axes[0] == 0 ? batch_mean_metric(values) : mean_metric(values);
}

std::optional<Metric> r2_score(MetricConfig& c) {
  c.options.positional({"class_aggregation", "num_regressors", "name", "dtype"});
  const int64_t outputs = c.prediction.back().size;
  Aggregation aggregation = Aggregation::kUniform;
  c.options.note_limit("class_aggregation", "None for one output alone");
  if (c.options.written("class_aggregation") && !c.options.has("class_aggregation")) {
    if (outputs > 1) return no_vectors(c, "class_aggregation", "'uniform_average' or 'variance_weighted_average'");
  } else if (c.options.choice("class_aggregation", "uniform_average",
                              {"uniform_average", "variance_weighted_average"}) == "variance_weighted_average") {
    aggregation = Aggregation::kVariance;
  }
  const int64_t regressors = c.options.integer("num_regressors", 0);
  if (regressors < 0) c.options.error("num_regressors", "0 or more");
  if (!is_flat(c)) return std::nullopt;
  const Type vector{DType::kF32, fixed_shape({outputs})};
  Metric metric;
  metric.states = {
      {"sum", vector}, {"squared_sum", vector}, {"residual", vector}, {"count", vector}, {"num_samples", {}}};
  metric.update = r2_increments;
  metric.result = [=](Builder& b, const std::vector<ValueId>& states) {
    return r2_result(b, states, aggregation, static_cast<double>(regressors));
  };
  return metric;
}

}  // namespace kcc
