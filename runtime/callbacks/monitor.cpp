#include "runtime/callbacks/monitor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "runtime/format.h"

namespace kcc::runtime {
namespace {

// Metrics by Keras's names for them, and which way is better. A name of the user's own tells nothing: the error asks
// for the mode. Counts, means and sums have no direction in Keras either.
constexpr const char* kUp[] = {
    "acc",
    "accuracy",
    "auc",
    "binary_accuracy",
    "binary_io_u",
    "categorical_accuracy",
    "concordance_correlation",
    "cosine_similarity",
    "f1_score",
    "fbeta_score",
    "io_u",
    "mean_io_u",
    "one_hot_io_u",
    "one_hot_mean_io_u",
    "pearson_correlation",
    "precision",
    "precision_at_recall",
    "r2_score",
    "recall",
    "recall_at_precision",
    "sensitivity_at_specificity",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "specificity_at_sensitivity",
    "top_k_categorical_accuracy",
};
constexpr const char* kDown[] = {
    "KLDivergence",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "RMSE",
    "bce",
    "binary_crossentropy",
    "categorical_crossentropy",
    "categorical_hinge",
    "crossentropy",
    "hinge",
    "kl_divergence",
    "kld",
    "kullback_leibler_divergence",
    "logcosh",
    "log_cosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "rmse",
    "root_mean_squared_error",
    "sparse_categorical_crossentropy",
    "squared_hinge",
};

template <size_t N>
bool contains(const char* const (&names)[N], const std::string& name) {
  return std::any_of(names, names + N, [&](const char* known) { return name == known; });
}

// Keras looks for the metric's own name, so that "accuracy" is known to a model that reports "main_accuracy".
bool has_metric(const Program& program, const std::string& name) {
  for (int32_t i = 0; i < program.metric_count; ++i) {
    const std::string reported = program.metrics[i].name;
    if (reported == name || reported.ends_with("_" + name)) return true;
  }
  return false;
}

}  // namespace

Status Monitor::begin(Training& training, const char* callback) {
  if (mode != "auto" && mode != "min" && mode != "max") {
    training.warn(format("%s mode '%s' is unknown, fallback to auto mode.", callback, mode.c_str()));
    mode = "auto";
  }
  wants_more_ = mode == "max";
  if (mode != "auto") return {};
  const std::string metric = monitor.starts_with("val_") ? monitor.substr(4) : monitor;
  if (metric == "loss") return {};
  const bool known = has_metric(training.program, metric);
  wants_more_ = known && contains(kUp, metric);
  if (wants_more_ || (known && contains(kDown, metric))) return {};
  return make_error(
      "%s callback received monitor=%s, but Keras isn't able to automatically determine whether that metric should be "
      "maximized or minimized. Pass `mode='max'` in order to monitor based on the highest metric value, or pass "
      "`mode='min'` in order to use the lowest value.",
      callback, monitor.c_str());
}

std::optional<double> Monitor::value(const Logs& logs) const {
  return find_log(logs, monitor);
}

// Keras subtracts in double and compares in float.
bool Monitor::is_improvement(double value, std::optional<double> reference) const {
  if (!reference) return true;
  const double margin = std::fabs(min_delta);
  const float limit = static_cast<float>(*reference);
  return wants_more_ ? static_cast<float>(value - margin) > limit : static_cast<float>(value + margin) < limit;
}

std::string list_names(const Logs& logs) {
  std::vector<std::string> names;
  for (const auto& [name, value] : logs) names.push_back(name);
  return join(names, ",");
}

}  // namespace kcc::runtime
