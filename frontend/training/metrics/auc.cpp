// Area under a curve of two ratios over thresholds, as keras/src/metrics/confusion_metrics.py approximates it.
#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/training/metrics/confusion_counts.h"
#include "frontend/training/metrics/recipes.h"
#include "frontend/training/metrics/vector_result.h"

namespace kcc {
namespace {

enum class Curve { kRoc, kPrecisionRecall, kGain };
enum class Summation { kInterpolation, kMajoring, kMinoring };

struct Auc {
  ConfusionOptions confusion;
  Curve curve = Curve::kRoc;
  Summation summation = Summation::kInterpolation;
  std::vector<double> column_weights = {};  // of the areas of classes that are counted each by itself; none: equal
};

// All thresholds but the last, or but the first.
ValueId lower(Builder& b, ValueId x) {
  const Shape& shape = b.shape(x);
  return slice(b, x, {0, 0}, {shape[0].size - 1, shape[1].size}, {1, 1});
}
ValueId upper(Builder& b, ValueId x) {
  const Shape& shape = b.shape(x);
  return slice(b, x, {1, 0}, {shape[0].size - 1, shape[1].size}, {1, 1});
}
ValueId step(Builder& b, ValueId x) {
  return sub(b, lower(b, x), upper(b, x));
}

// Davis and Goadrich, "The relationship between precision-recall and ROC curves", 2006: true positives grow in
// proportion to all positives between two thresholds.
ValueId precision_recall_areas(Builder& b, const ConfusionCounts& c) {
  const ValueId rise = step(b, c.true_positives), all = add(b, c.true_positives, c.false_positives);
  const ValueId slope = divide_or_zero(b, rise, maximum(b, step(b, all), 0.0));
  const ValueId intercept = sub(b, upper(b, c.true_positives), mul(b, slope, upper(b, all)));
  const ValueId both = binary(b, OpKind::kAnd, greater(b, lower(b, all), 0.0), greater(b, upper(b, all), 0.0));
  const ValueId ratio =
      select(b, both, divide_or_zero(b, lower(b, all), maximum(b, upper(b, all), 0.0)), constant(b, 1.0));
  const ValueId area = mul(b, slope, add(b, rise, mul(b, intercept, unary(b, OpKind::kLog, ratio))));
  const ValueId labels = add(b, c.true_positives, c.false_negatives);
  return divide_or_zero(b, area, maximum(b, upper(b, labels), 0.0));
}

struct Points {
  ValueId x = -1, y = -1;
};

// Flach and Kull, "Precision-recall-gain curves", 2015; Keras's values where they have none.
Points gains(Builder& b, const ConfusionCounts& c) {
  const ValueId scale =
      divide_or_zero(b, add(b, c.true_positives, c.false_negatives), add(b, c.true_negatives, c.false_positives));
  const auto gain = [&](ValueId wrong) {
    return sub(b, 1.0, mul(b, scale, divide_or_zero(b, wrong, c.true_positives)));
  };
  const ValueId none = binary(b, OpKind::kEq, c.true_positives, constant(b, 0.0));
  return {maximum(b, select(b, none, constant(b, 0.0), gain(c.false_negatives)), 0.0),
          select(b, none, constant(b, 1.0), gain(c.false_positives))};
}

Points points_of(Builder& b, const ConfusionCounts& c, Curve curve) {
  if (curve == Curve::kGain) return gains(b, c);
  const ValueId recall = divide_or_zero(b, c.true_positives, add(b, c.true_positives, c.false_negatives));
  if (curve == Curve::kPrecisionRecall)
    return {recall, divide_or_zero(b, c.true_positives, add(b, c.true_positives, c.false_positives))};
  return {divide_or_zero(b, c.false_positives, add(b, c.false_positives, c.true_negatives)), recall};
}

ValueId heights(Builder& b, ValueId y, Summation summation) {
  if (summation == Summation::kInterpolation) return div(b, add(b, lower(b, y), upper(b, y)), 2.0);
  const OpKind kind = summation == Summation::kMinoring ? OpKind::kMin : OpKind::kMax;
  return binary(b, kind, lower(b, y), upper(b, y));
}

ValueId area(Builder& b, const ConfusionCounts& c, const Auc& auc) {
  ValueId areas = -1;
  if (auc.curve == Curve::kPrecisionRecall && auc.summation == Summation::kInterpolation) {
    areas = precision_recall_areas(b, c);
  } else {
    const Points points = points_of(b, c, auc.curve);
    areas = mul(b, step(b, points.x), heights(b, points.y, auc.summation));
  }
  const ValueId by_column = reduce_sum(b, areas, {0});
  if (auc.column_weights.empty()) return mean(b, by_column);
  const ValueId weights = constants(b, auc.column_weights);
  return divide_or_zero(b, sum_of(b, mul(b, by_column, weights)), sum_of(b, weights));
}

// ---- options

void read_thresholds(MetricConfig& c, ConfusionOptions& o) {
  int64_t count = c.options.integer("num_thresholds", 200);
  const json::Value* given = c.options.find("thresholds");
  if (given) {
    std::vector<double> thresholds{0};
    for (const json::Value& item : given->items)
      if (item.is_number()) thresholds.push_back(item.number);
    if (!given->is_array() || thresholds.size() != given->items.size() + 1)
      c.options.error("thresholds", "a list of numbers");
    std::sort(thresholds.begin() + 1, thresholds.end());
    thresholds.push_back(1);
    o.thresholds = thresholds;
    o.even = is_even(thresholds);
  } else {
    if (count < 2 || count > 10000) c.options.error("num_thresholds", "an integer from 2 to 10000"), count = 2;
    o.thresholds = even_thresholds(count);
    o.even = true;
  }
  // No prediction is outside, whatever its rounding.
  o.thresholds.front() = -1e-7;
  o.thresholds.back() = 1 + 1e-7;
  o.all_pass_first = true;
}

std::vector<double> read_label_weights(MetricConfig& c) {
  const json::Value* value = c.options.find("label_weights");
  std::vector<double> weights;
  if (!value) return weights;
  // Keras writes what was an array as {"class_name": "__tensor__", "config": {"value": [...]}}.
  if (const json::Value* tensor = value->find("config"); tensor && tensor->find("value")) value = tensor->find("value");
  for (const json::Value& item : value->items)
    if (item.is_number()) weights.push_back(item.number);
  const size_t labels = static_cast<size_t>(c.prediction.back().size);
  if (value->is_array() && weights.size() == labels && value->items.size() == labels) return weights;
  c.options.error("label_weights", "a number for each of the output's labels");
  return {};
}

}  // namespace

std::optional<Metric> auc(MetricConfig& c) {
  c.options.positional({"num_thresholds", "curve", "summation_method", "name", "dtype", "thresholds", "multi_label",
                        "num_labels", "label_weights", "from_logits"});
  Auc auc;
  const std::string curve = c.options.choice("curve", "ROC", {"ROC", "roc", "PR", "pr", "PRGAIN", "prgain"});
  if (curve == "PR" || curve == "pr") auc.curve = Curve::kPrecisionRecall;
  if (curve == "PRGAIN" || curve == "prgain") auc.curve = Curve::kGain;
  const std::string sums =
      c.options.choice("summation_method", "interpolation",
                       {"interpolation", "Interpolation", "majoring", "Majoring", "minoring", "Minoring"});
  if (sums == "majoring" || sums == "Majoring") auc.summation = Summation::kMajoring;
  if (sums == "minoring" || sums == "Minoring") auc.summation = Summation::kMinoring;
  read_thresholds(c, auc.confusion);
  auc.confusion.from_logits = c.options.boolean("from_logits", false);
  const bool by_label = c.options.boolean("multi_label", false);
  (by_label ? auc.column_weights : auc.confusion.label_weights) = read_label_weights(c);
  const int64_t labels = c.options.integer("num_labels", 0);
  c.options.note_default("num_labels", "None");
  if (by_label && !is_flat(c)) return std::nullopt;
  if (by_label) auc.confusion.columns = c.prediction.back().size;
  if (labels != 0 && labels != (by_label ? c.prediction.back().size : 0))
    c.options.error("num_labels", by_label ? "the output's number of labels" : "none without multi_label");
  Metric metric;
  metric.states = {confusion_state(auc.confusion)};
  metric.update = [=](Builder& b, const MetricBatch& batch) -> std::vector<ValueId> {
    return {count_confusion(b, batch, auc.confusion)};
  };
  metric.result = [=](Builder& b, const std::vector<ValueId>& states) {
    return area(b, read_confusion(b, states[0], auc.confusion), auc);
  };
  return metric;
}

}  // namespace kcc
