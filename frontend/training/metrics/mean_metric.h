// Means over samples, as Keras's MeanMetricWrapper takes them: total / count of one value a sample.
#pragma once

#include "frontend/training/metrics/metric.h"

namespace kcc {

// values: (B, ...); each sample's mean over the rest is one value of the metric. What is masked out counts as 0, with
// the weight 0. `counted`, bool (B, ...), may leave out more, though only where there are weights or a mask: the mask
// that Keras ties to some values goes unseen without them.
Metric mean_metric(CompareFunction values, CompareFunction counted = nullptr);
// The mean of what `values` gives for a batch, not for samples.
Metric batch_mean_metric(CompareFunction values);

// total / count, 0 where nothing was counted.
std::vector<MetricState> mean_states();
ValueId mean_result(Builder& b, const std::vector<ValueId>& states);

}  // namespace kcc
