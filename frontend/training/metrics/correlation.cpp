// Correlations of labels and predictions along axes, as keras/src/metrics/correlation_metrics.py computes them.
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "frontend/expressions.h"
#include "frontend/training/losses/loss_config.h"
#include "frontend/training/metrics/mean_metric.h"
#include "frontend/training/metrics/recipes.h"

namespace kcc {
namespace {

using Axes = std::vector<int64_t>;

ValueId centered(Builder& b, ValueId x, const Axes& axes) {
  return sub(b, x, mean(b, x, axes, true));
}

ValueId pearson(Builder& b, const Comparison& c, const Axes& axes) {
  const auto standardized = [&](ValueId x) {
    const ValueId d = centered(b, x, axes);
    return div(b, d, unary(b, OpKind::kSqrt, mean(b, square(b, d), axes, true)));
  };
  return mean(b, mul(b, standardized(c.target), standardized(c.prediction)), axes);
}

// Keras takes the prediction's mean from the labels, too, where the covariance is meant; the mean over the axes is the
// same, since the other factor's mean is 0.
ValueId concordance(Builder& b, const Comparison& c, const Axes& axes) {
  const ValueId y = centered(b, c.target, axes), p = centered(b, c.prediction, axes);
  const ValueId apart = sub(b, mean(b, c.target, axes, true), mean(b, c.prediction, axes, true));
  const ValueId spread = add(b, mean(b, square(b, y), axes, true), mean(b, square(b, p), axes, true));
  const ValueId covariance = mul(b, sub(b, c.target, mean(b, c.prediction, axes, true)), p);
  return mean(b, div(b, mul(b, covariance, 2.0), add(b, add(b, spread, square(b, apart)), kLossEpsilon)), axes);
}

Metric along_axes(MetricConfig& c, ValueId (*values)(Builder&, const Comparison&, const Axes&)) {
  c.options.positional({"name", "dtype", "axis"});
  const Axes axes = read_axes(c.options, c.prediction, -1);
  const CompareFunction function = [=](Builder& b, const Comparison& c) { return values(b, c, axes); };
  return axes[0] == 0 ? batch_mean_metric(function) : mean_metric(function);
}

}  // namespace

std::optional<Metric> pearson_correlation(MetricConfig& c) {
  return along_axes(c, pearson);
}
std::optional<Metric> concordance_correlation(MetricConfig& c) {
  return along_axes(c, concordance);
}

}  // namespace kcc
