// F-scores, as keras/src/metrics/f_score_metrics.py computes them.
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/training/losses/loss_config.h"
#include "frontend/training/metrics/recipes.h"
#include "frontend/training/metrics/vector_result.h"

namespace kcc {
namespace {

struct FScore {
  bool micro = false, weighted = false;
  double beta = 1;
  std::optional<double> threshold;  // none: the largest of a sample is the positive one
};

// States, (C) or with micro (): where both are 1, the prediction alone, the label alone, the labels.
enum FState { kBoth, kPredicted, kMissed, kLabels };

ValueId positives(Builder& b, ValueId p, const FScore& f) {
  if (f.threshold) return greater(b, p, *f.threshold);
  const ValueId largest = binary(b, OpKind::kGe, p, reduce_max(b, p, {-1}, true));
  return binary(b, OpKind::kAnd, largest, greater(b, absolute(b, p), 1e-9));
}

std::vector<ValueId> increments(Builder& b, const MetricBatch& batch, const FScore& f) {
  const ValueId y = batch.comparison.target, p = cast(b, positives(b, batch.comparison.prediction, f), DType::kF32);
  const auto total = [&](ValueId x) {
    if (batch.weights >= 0) x = mul(b, x, reshape(b, batch.weights, batched_shape({1})));
    return f.micro ? sum_of(b, x) : reduce_sum(b, x, {0});
  };
  return {total(mul(b, p, y)), total(mul(b, p, sub(b, 1.0, y))), total(mul(b, sub(b, 1.0, p), y)), total(y)};
}

ValueId result(Builder& b, const std::vector<ValueId>& s, const FScore& f) {
  const auto safe = [&](ValueId x) { return add(b, x, kLossEpsilon); };
  const ValueId precision = div(b, s[kBoth], safe(add(b, s[kBoth], s[kPredicted])));
  const ValueId recall = div(b, s[kBoth], safe(add(b, s[kBoth], s[kMissed])));
  const double squared = f.beta * f.beta;
  const ValueId joint = div(b, mul(b, precision, recall), safe(add(b, mul(b, precision, squared), recall)));
  const ValueId score = mul(b, joint, 1 + squared);
  if (!f.weighted) return f.micro ? score : mean(b, score);
  return sum_of(b, mul(b, score, div(b, s[kLabels], safe(sum_of(b, s[kLabels])))));
}

std::optional<Metric> f_score(MetricConfig& c, double beta) {
  FScore f;
  f.beta = beta;
  if (c.options.has("threshold")) {
    f.threshold = c.options.number("threshold", 0.5);
    if (!(*f.threshold > 0 && *f.threshold <= 1)) c.options.error("threshold", "a number above 0 and up to 1");
  }
  if (!is_flat(c)) return std::nullopt;
  const bool each = !c.options.has("average");
  c.options.note_limit("average", "None for one class alone");
  if (each && c.prediction.back().size > 1) return no_vectors(c, "average", "average='macro', 'micro' or 'weighted'");
  const std::string average = c.options.choice("average", "macro", {"micro", "macro", "weighted"});
  c.options.note_default("average", "None");
  f.micro = average == "micro";
  f.weighted = average == "weighted";
  const Type type{DType::kF32, f.micro ? Shape{} : fixed_shape({c.prediction.back().size})};
  Metric metric;
  metric.states = {
      {"true_positives", type}, {"false_positives", type}, {"false_negatives", type}, {"intermediate_weights", type}};
  metric.update = [=](Builder& b, const MetricBatch& batch) { return increments(b, batch, f); };
  metric.result = [=](Builder& b, const std::vector<ValueId>& states) { return result(b, states, f); };
  return metric;
}

}  // namespace

std::optional<Metric> f_beta_score(MetricConfig& c) {
  c.options.positional({"average", "beta", "threshold", "name", "dtype"});
  const double beta = c.options.number("beta", 1.0);
  if (!(beta > 0)) c.options.error("beta", "a number above 0");
  return f_score(c, beta);
}

std::optional<Metric> f1_score(MetricConfig& c) {
  c.options.positional({"average", "threshold", "name", "dtype"});
  return f_score(c, 1);
}

}  // namespace kcc
