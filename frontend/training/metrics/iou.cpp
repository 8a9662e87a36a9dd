// Intersection over union of classes, as keras/src/metrics/iou_metrics.py computes it from a confusion matrix.
#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/training/losses/loss_config.h"
#include "frontend/training/metrics/recipes.h"
#include "frontend/training/sample_weights.h"

namespace kcc {
namespace {

struct Iou {
  int64_t classes = 2;
  std::vector<int64_t> targets;  // classes that count
  std::optional<int64_t> ignored;
  bool sparse_labels = true, sparse_predictions = true;  // class numbers, or rows with the class's the largest
  std::optional<double> threshold;                       // of predictions, with two classes
  DType counts = DType::kI32;                            // of the matrix; weights become whole numbers with it
};

ValueId to_int(Builder& b, ValueId x) {
  return cast(b, x, DType::kI32);
}

ValueId labels_of(Builder& b, const Comparison& c, const Iou& iou) {
  return iou.sparse_labels ? to_int(b, c.target) : argmax(b, c.target, -1);
}

ValueId predictions_of(Builder& b, const Comparison& c, const Iou& iou) {
  if (iou.threshold) return to_int(b, at_least(b, c.prediction, *iou.threshold));
  return iou.sparse_predictions ? to_int(b, c.prediction) : argmax(b, c.prediction, -1);
}

// Classes that are none count nothing.
ValueId is_class(Builder& b, ValueId x, const Iou& iou) {
  return binary(b, OpKind::kAnd, binary(b, OpKind::kGe, x, constant(b, 0, DType::kI32)),
                binary(b, OpKind::kLt, x, constant(b, static_cast<double>(iou.classes), DType::kI32)));
}

// What the batch adds to the matrix, (labels, predictions).
ValueId confusions(Builder& b, const MetricBatch& batch, const Iou& iou) {
  const ValueId y = labels_of(b, batch.comparison, iou), p = predictions_of(b, batch.comparison, iou);
  ValueId counted = binary(b, OpKind::kAnd, is_class(b, y, iou), is_class(b, p, iou));
  if (iou.ignored)
    counted = binary(b, OpKind::kAnd, counted,
                     binary(b, OpKind::kNe, y, constant(b, static_cast<double>(*iou.ignored), DType::kI32)));
  ValueId rows = cast(b, counted, DType::kF32);
  if (batch.weights >= 0) {
    ValueId weights = align_weights(b, batch.weights, rows);
    if (iou.counts == DType::kI32) weights = cast(b, to_int(b, weights), DType::kF32);
    rows = mul(b, rows, weights);
  }
  const ValueId cell = binary(
      b, OpKind::kAdd, binary(b, OpKind::kMul, y, constant(b, static_cast<double>(iou.classes), DType::kI32)), p);
  const ValueId index = select(b, counted, cell, constant(b, 0, DType::kI32));
  const ValueId counts = scatter_add(b, index, rows, fixed_shape({iou.classes * iou.classes}));
  return cast(b, reshape(b, counts, fixed_shape({iou.classes, iou.classes})), iou.counts);
}

// (classes) -> those that count
ValueId chosen(Builder& b, ValueId x, const Iou& iou) {
  bool all = static_cast<int64_t>(iou.targets.size()) == iou.classes;
  for (size_t i = 0; all && i < iou.targets.size(); ++i) all = iou.targets[i] == static_cast<int64_t>(i);
  if (all) return x;
  std::vector<ValueId> parts;
  for (int64_t target : iou.targets) parts.push_back(slice(b, x, {target}, {1}, {1}));
  return concat(b, parts, 0);
}

// The mean of both / either over the classes that appear at all.
ValueId result(Builder& b, ValueId matrix, const Iou& iou) {
  matrix = cast(b, matrix, DType::kF32);
  const Shape shape = b.shape(matrix);
  const ValueId diagonal = binary(b, OpKind::kEq, iota(b, shape, 0), iota(b, shape, 1));
  const ValueId both = reduce_sum(b, select(b, diagonal, matrix, constant(b, 0.0)), {1});
  const ValueId either = sub(b, add(b, reduce_sum(b, matrix, {0}), reduce_sum(b, matrix, {1})), both);
  const ValueId of = chosen(b, either, iou), hits = chosen(b, both, iou);
  const ValueId appears = greater(b, of, 1e-9);
  const ValueId ratios = select(b, appears, div(b, hits, add(b, of, kLossEpsilon)), constant(b, 0.0));
  return div(b, sum_of(b, ratios), add(b, sum_of(b, cast(b, appears, DType::kF32)), kLossEpsilon));
}

Metric iou_metric(const Iou& iou) {
  Metric metric;
  metric.labels = iou.sparse_labels && !iou.sparse_predictions ? Labels::kClasses : Labels::kRows;
  metric.states = {{"total_confusion_matrix", {iou.counts, fixed_shape({iou.classes, iou.classes})}}};
  metric.update = [=](Builder& b, const MetricBatch& batch) -> std::vector<ValueId> {
    return {confusions(b, batch, iou)};
  };
  metric.result = [=](Builder& b, const std::vector<ValueId>& states) { return result(b, states[0], iou); };
  return metric;
}

void read_dtype(MetricConfig& c, Iou& iou) {
  const std::string dtype = c.options.text("dtype", "int");
  iou.counts = dtype.find("int") == std::string::npos ? DType::kF32 : DType::kI32;
}

std::vector<int64_t> read_targets(MetricConfig& c, int64_t classes, std::vector<int64_t> targets) {
  const json::Value* value = c.options.find("target_class_ids");
  if (!value && !targets.empty()) return targets;
  targets.clear();
  bool good = value && value->is_array() && !value->items.empty();
  for (size_t i = 0; good && i < value->items.size(); ++i) {
    const json::Value& item = value->items[i];
    good = item.kind == json::Kind::kInteger && item.integer >= 0 && item.integer < classes;
    targets.push_back(item.integer);
  }
  if (good) return targets;
  c.options.error("target_class_ids", "a list of classes from 0 to num_classes - 1");
  return {0};
}

// What the options of all but BinaryIoU have in common.
Iou read_iou(MetricConfig& c, bool one_hot) {
  Iou iou;
  // The matrix, squared, is a table on which programs index with 31 bits.
  iou.classes = c.options.positive("num_classes");
  if (iou.classes > 46340) c.options.error("num_classes", "at most 46340 classes");
  if (c.options.has("ignore_class")) iou.ignored = c.options.integer("ignore_class", 0);
  iou.sparse_labels = !one_hot && c.options.boolean("sparse_y_true", true);
  iou.sparse_predictions = c.options.boolean("sparse_y_pred", !one_hot);
  // Keras sums its vector of ratios along the same axis: no other works there.
  c.options.note_limit("axis", "-1 alone");
  if (c.options.integer("axis", -1) != -1) c.options.error("axis", "-1");
  read_dtype(c, iou);
  if (!iou.sparse_labels && iou.sparse_predictions)
    c.options.error("sparse_y_pred", "false: labels have the output's shape, and hold rows of classes only with it");
  return iou;
}

void count_all(Iou& iou) {
  for (int64_t i = 0; i < iou.classes; ++i) iou.targets.push_back(i);
}

const std::vector<std::string> kMeanArguments = {"num_classes",   "name",          "dtype", "ignore_class",
                                                 "sparse_y_true", "sparse_y_pred", "axis"};

}  // namespace

std::optional<Metric> iou(MetricConfig& c) {
  c.options.positional(
      {"num_classes", "target_class_ids", "name", "dtype", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis"});
  Iou iou = read_iou(c, false);
  iou.targets = read_targets(c, iou.classes, {});
  return iou_metric(iou);
}

std::optional<Metric> mean_iou(MetricConfig& c) {
  c.options.positional(kMeanArguments);
  Iou iou = read_iou(c, false);
  count_all(iou);
  return iou_metric(iou);
}

std::optional<Metric> one_hot_iou(MetricConfig& c) {
  c.options.positional({"num_classes", "target_class_ids", "name", "dtype", "ignore_class", "sparse_y_pred", "axis"});
  Iou iou = read_iou(c, true);
  iou.targets = read_targets(c, iou.classes, {});
  return iou_metric(iou);
}

std::optional<Metric> one_hot_mean_iou(MetricConfig& c) {
  c.options.positional({"num_classes", "name", "dtype", "ignore_class", "sparse_y_pred", "axis"});
  Iou iou = read_iou(c, true);
  count_all(iou);
  return iou_metric(iou);
}

std::optional<Metric> binary_iou(MetricConfig& c) {
  c.options.positional({"target_class_ids", "threshold", "name", "dtype"});
  Iou iou;
  iou.targets = read_targets(c, 2, {0, 1});
  iou.threshold = c.options.number("threshold", 0.5);
  read_dtype(c, iou);
  return iou_metric(iou);
}

}  // namespace kcc
