// The recipes of this folder, by family file. registry.cpp lists them under their Keras names. Each is empty after
// reporting what cannot be.
#pragma once

#include "frontend/training/metrics/metric.h"

namespace kcc {

// accuracy.cpp
std::optional<Metric> accuracy(MetricConfig& c);
std::optional<Metric> binary_accuracy(MetricConfig& c);
std::optional<Metric> categorical_accuracy(MetricConfig& c);
std::optional<Metric> sparse_categorical_accuracy(MetricConfig& c);
std::optional<Metric> sparse_top_k_accuracy(MetricConfig& c);
std::optional<Metric> top_k_accuracy(MetricConfig& c);
// auc.cpp
std::optional<Metric> auc(MetricConfig& c);
// confusion.cpp
std::optional<Metric> false_negatives(MetricConfig& c);
std::optional<Metric> false_positives(MetricConfig& c);
std::optional<Metric> precision(MetricConfig& c);
std::optional<Metric> precision_at_recall(MetricConfig& c);
std::optional<Metric> recall(MetricConfig& c);
std::optional<Metric> recall_at_precision(MetricConfig& c);
std::optional<Metric> sensitivity_at_specificity(MetricConfig& c);
std::optional<Metric> specificity_at_sensitivity(MetricConfig& c);
std::optional<Metric> true_negatives(MetricConfig& c);
std::optional<Metric> true_positives(MetricConfig& c);
// correlation.cpp
std::optional<Metric> concordance_correlation(MetricConfig& c);
std::optional<Metric> pearson_correlation(MetricConfig& c);
// f_score.cpp
std::optional<Metric> f1_score(MetricConfig& c);
std::optional<Metric> f_beta_score(MetricConfig& c);
// iou.cpp
std::optional<Metric> binary_iou(MetricConfig& c);
std::optional<Metric> iou(MetricConfig& c);
std::optional<Metric> mean_iou(MetricConfig& c);
std::optional<Metric> one_hot_iou(MetricConfig& c);
std::optional<Metric> one_hot_mean_iou(MetricConfig& c);
// regression.cpp
std::optional<Metric> cosine_similarity(MetricConfig& c);
std::optional<Metric> r2_score(MetricConfig& c);
std::optional<Metric> root_mean_squared_error(MetricConfig& c);

}  // namespace kcc
