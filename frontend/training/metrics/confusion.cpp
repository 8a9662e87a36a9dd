// Metrics of a confusion at thresholds, as keras/src/metrics/confusion_metrics.py has them; AUC is in auc.cpp.
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/training/metrics/confusion_counts.h"
#include "frontend/training/metrics/recipes.h"
#include "frontend/training/metrics/vector_result.h"

namespace kcc {
namespace {

using Counts = ConfusionCounts;
using Ratio = ValueId (*)(Builder&, const Counts&);

ValueId precision_of(Builder& b, const Counts& c) {
  return divide_or_zero(b, c.true_positives, add(b, c.true_positives, c.false_positives));
}
ValueId recall_of(Builder& b, const Counts& c) {
  return divide_or_zero(b, c.true_positives, add(b, c.true_positives, c.false_negatives));
}
ValueId specificity_of(Builder& b, const Counts& c) {
  return divide_or_zero(b, c.true_negatives, add(b, c.true_negatives, c.false_positives));
}

Metric confusion_metric(const ConfusionOptions& options, std::function<ValueId(Builder&, const Counts&)> result) {
  Metric metric;
  metric.states = {confusion_state(options)};
  metric.update = [=](Builder& b, const MetricBatch& batch) -> std::vector<ValueId> {
    return {count_confusion(b, batch, options)};
  };
  metric.result = [=](Builder& b, const std::vector<ValueId>& states) {
    return result(b, read_confusion(b, states[0], options));
  };
  return metric;
}

// Of one threshold.
ValueId as_scalar(Builder& b, ValueId x) {
  return reshape(b, x, {});
}

// ---- options

// The option "thresholds": a number or a list of one. Empty after reporting.
std::optional<double> read_threshold(MetricConfig& c, double fallback) {
  const json::Value* value = c.options.find("thresholds");
  c.options.note_limit("thresholds", "one threshold");
  if (!value) return fallback;
  if (value->is_array() && value->items.size() > 1) return no_vectors(c, "thresholds", "one threshold");
  const json::Value* one = value->is_array() && value->items.size() == 1 ? &value->items[0] : value;
  if (one->is_number() && one->number >= 0 && one->number <= 1) return one->number;
  c.options.error("thresholds", "a number from 0 to 1");
  return std::nullopt;
}

void read_class(MetricConfig& c, ConfusionOptions& options) {
  if (!c.options.has("class_id")) return;
  options.class_id = c.options.integer("class_id", 0);
  if (*options.class_id < 0) *options.class_id += c.prediction.back().size;
  if (*options.class_id >= 0 && *options.class_id < c.prediction.back().size) return;
  c.options.error("class_id", "a class of the output");
  options.class_id.reset();
}

void read_top_k(MetricConfig& c, ConfusionOptions& options) {
  if (!c.options.has("top_k")) return;
  options.top_k = c.options.positive("top_k");
  if (*options.top_k > c.prediction.back().size) c.options.error("top_k", "at most the number of classes");
}

// ---- at one threshold

std::optional<Metric> one_count(MetricConfig& c, ValueId Counts::*count) {
  c.options.positional({"thresholds", "name", "dtype"});
  const auto threshold = read_threshold(c, 0.5);
  if (!threshold) return std::nullopt;
  return confusion_metric({{*threshold}}, [=](Builder& b, const Counts& c) { return as_scalar(b, c.*count); });
}

std::optional<Metric> one_ratio(MetricConfig& c, Ratio ratio) {
  c.options.positional({"thresholds", "top_k", "class_id", "name", "dtype"});
  ConfusionOptions options;
  read_top_k(c, options);
  read_class(c, options);
  // Those that are not among the first k are at -1e10.
  const auto threshold = read_threshold(c, options.top_k ? -1e10 : 0.5);
  if (!threshold) return std::nullopt;
  options.thresholds = {*threshold};
  return confusion_metric(options, [=](Builder& b, const Counts& c) { return as_scalar(b, ratio(b, c)); });
}

// ---- the best of one ratio where another is good enough

std::optional<Metric> best_at(MetricConfig& c, const std::string& key, Ratio constrained, Ratio best) {
  c.options.positional({key, "num_thresholds", "class_id", "name", "dtype"});
  const double least = c.options.number(key, -1);
  if (!(least >= 0 && least <= 1)) c.options.error(key, "a number from 0 to 1");
  const int64_t thresholds = c.options.positive("num_thresholds", 200);
  ConfusionOptions options;
  options.even = thresholds > 1;
  options.thresholds = options.even ? even_thresholds(thresholds) : std::vector<double>{0.5};
  read_class(c, options);
  return confusion_metric(options, [=](Builder& b, const Counts& c) {
    const ValueId good = at_least(b, constrained(b, c), least);
    const ValueId ratios = select(b, good, best(b, c), constant(b, 0.0));
    return reduce_max(b, ratios, axes_from(b, ratios, 0));
  });
}

}  // namespace

std::optional<Metric> true_positives(MetricConfig& c) {
  return one_count(c, &Counts::true_positives);
}
std::optional<Metric> false_positives(MetricConfig& c) {
  return one_count(c, &Counts::false_positives);
}
std::optional<Metric> true_negatives(MetricConfig& c) {
  return one_count(c, &Counts::true_negatives);
}
std::optional<Metric> false_negatives(MetricConfig& c) {
  return one_count(c, &Counts::false_negatives);
}

std::optional<Metric> precision(MetricConfig& c) {
  return one_ratio(c, precision_of);
}
std::optional<Metric> recall(MetricConfig& c) {
  return one_ratio(c, recall_of);
}

std::optional<Metric> sensitivity_at_specificity(MetricConfig& c) {
  return best_at(c, "specificity", specificity_of, recall_of);
}
std::optional<Metric> specificity_at_sensitivity(MetricConfig& c) {
  return best_at(c, "sensitivity", recall_of, specificity_of);
}
std::optional<Metric> precision_at_recall(MetricConfig& c) {
  return best_at(c, "recall", recall_of, precision_of);
}
std::optional<Metric> recall_at_precision(MetricConfig& c) {
  return best_at(c, "precision", precision_of, recall_of);
}

}  // namespace kcc
