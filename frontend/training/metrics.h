// Metrics: Keras's names and options -> the states that batches add to and the number made of them.
#pragma once

#include <optional>
#include <string>

#include "frontend/training/metrics/metric.h"

namespace kcc {

// `loss` is the loss of the same output: it decides which labels there are, and which accuracy "accuracy" is, as the
// labels' shape does in Keras. Any loss is a metric, too: its mean over samples.
std::optional<Metric> read_metric(const json::Value& value, const Loss& loss, const Shape& prediction,
                                  const Environment& environment, const Report& report);

}  // namespace kcc
