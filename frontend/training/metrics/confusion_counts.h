// True and false positives and negatives at thresholds, as keras/src/metrics/metrics_utils.py counts them. Where Keras
// keeps four counts a threshold, here is a histogram: how many labels of either kind lie between which thresholds. A
// batch adds to it by one scatter; sums over it, when a metric is read, give the counts.
#pragma once

#include <optional>
#include <vector>

#include "frontend/training/metrics/metric.h"

namespace kcc {

struct ConfusionOptions {
  std::vector<double> thresholds;  // ascending
  // The thresholds are i / (n - 1): buckets are found by a product, whose rounding is Keras's.
  bool even = false;
  bool all_pass_first = false;  // with `even`: the first threshold is below every prediction
  std::optional<int64_t> top_k = {}, class_id = {};
  std::vector<double> label_weights = {};  // (C), or none
  bool from_logits = false;
  int64_t columns = 1;  // classes that are counted each by itself; 1: all together

  int64_t count() const { return static_cast<int64_t>(thresholds.size()); }
};

// The thresholds 0, 1 / (n - 1), ..., 1.
std::vector<double> even_thresholds(int64_t n);
// As Keras tells: at least three, each within 1e-7 + 1e-5 of its place.
bool is_even(const std::vector<double>& thresholds);

// f32 (thresholds + 1, columns, 2): bucket i is above i thresholds; the last axis is the label's truth.
MetricState confusion_state(const ConfusionOptions& options);
ValueId count_confusion(Builder& b, const MetricBatch& batch, const ConfusionOptions& options);

// Of the histogram, each (thresholds, columns).
struct ConfusionCounts {
  ValueId true_positives = -1, false_positives = -1, true_negatives = -1, false_negatives = -1;
};
ConfusionCounts read_confusion(Builder& b, ValueId histogram, const ConfusionOptions& options);

}  // namespace kcc
