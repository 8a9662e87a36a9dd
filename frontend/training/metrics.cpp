#include "frontend/training/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "frontend/names.h"
#include "frontend/training/custom_training.h"
#include "frontend/training/losses/registry.h"
#include "frontend/training/metrics/mean_metric.h"
#include "frontend/training/metrics/registry.h"

namespace kcc {
namespace {

// trainers/compile_utils.py, get_metric
std::string which_accuracy(const Loss& loss, const Shape& prediction) {
  if (prediction.back().size == 1) return "binary_accuracy";
  return loss.class_indices ? "sparse_categorical_accuracy" : "categorical_accuracy";
}

bool is_plain_accuracy(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower == "accuracy" || lower == "acc";
}

const MetricRecipe* find_recipe(const std::string& canonical) {
  for (const MetricRecipe& recipe : metric_recipes())
    if (to_snake_case(recipe.class_name) == canonical) return &recipe;
  return nullptr;
}

// "LogCoshError", which Keras's losses call "log_cosh"
std::string canonical_metric(const std::string& name) {
  const std::string canonical = canonical_loss(name);
  return canonical == "log_cosh_error" ? "log_cosh" : canonical;
}

// A function: of one that is a loss, too, Keras means that (cosine_similarity, whose sign as a metric is the other).
bool names_function(const json::Value& value) {
  const json::Value* class_name = value.find("class_name");
  return class_name && class_name->text == "function";
}

Metric mean_of_loss(const Loss& loss) {
  Metric metric = mean_metric(loss.values, loss.counted);
  metric.labels = loss.class_indices ? Labels::kClasses : Labels::kRows;
  return metric;
}

// Empty, without a report unless the options do not fit, where there is no such metric.
std::optional<Metric> make(const std::string& name, bool as_function, ConfigReader& options, const Shape& prediction,
                           bool* known) {
  const std::vector<std::string> losses = loss_names();
  const bool is_loss = std::find(losses.begin(), losses.end(), name) != losses.end();
  const MetricRecipe* recipe = as_function && is_loss ? nullptr : find_recipe(name);
  *known = recipe != nullptr;
  if (recipe) {
    MetricConfig config{options, prediction};
    return recipe->read(config);
  }
  // Metrics take their name first, losses do not.
  if (options.written("#0")) options.error("#0", "arguments by name");
  const auto loss = make_loss(name, options, prediction);
  *known = loss.has_value();
  return loss ? std::optional(mean_of_loss(*loss)) : std::nullopt;
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names = loss_names();
  for (const MetricRecipe& recipe : metric_recipes()) names.push_back(to_snake_case(recipe.class_name));
  return names;
}

void report_unknown(const NamedObject& object, const std::string& name, const Environment& environment,
                    const Report& report) {
  if (const std::string why = why_no_metric(name); !why.empty())
    return report.error(object.mark, fmt::format("metric '{}' {}", object.name, why));
  if (const std::string why = why_no_loss(name); !why.empty())
    return report.error(object.mark, fmt::format("metric '{}' is not supported: it {}", object.name, why));
  const std::string near = did_you_mean(name, metric_names());
  report.error(object.mark, fmt::format("unknown metric '{}'", object.name),
               near.empty() ? define_hint(object.name, "y_true, y_pred", environment) : near);
}

// Labels are class numbers or rows as the loss has them; a metric of the other kind has nothing to compare. With one
// output both say the same.
bool labels_suit(Labels wanted, const Loss& loss, const Shape& prediction) {
  if (wanted == Labels::kAsLoss || (wanted == Labels::kClasses) == loss.class_indices) return true;
  return wanted == Labels::kRows && prediction.back().size == 1;
}

const char* describe(bool class_indices) {
  return class_indices ? "class numbers" : "rows of the prediction's shape";
}

// What Keras calls a metric that is not named by its options.
std::string default_name(const json::Value& value, const std::string& written, const std::string& canonical) {
  if (value.is_string()) return written;
  if (to_snake_case(written) == "log_cosh_error") return "logcosh";
  const MetricRecipe* recipe = find_recipe(canonical);
  return recipe && !recipe->reported_name.empty() ? recipe->reported_name : canonical;
}

}  // namespace

std::optional<Metric> read_metric(const json::Value& value, const Loss& loss, const Shape& prediction,
                                  const Environment& environment, const Report& report) {
  auto object = named_object(value);
  if (!object) {
    report.error(value.mark, fmt::format("the metric is {}, expected its name or configuration", json::to_text(value)));
    return std::nullopt;
  }
  const std::string written = object->name;
  bool as_function = names_function(value);
  if (written == "MeanMetricWrapper" && object->config)
    if (const json::Value* function = object->config->find("fn"))
      if (const auto inner = named_object(*function))
        object->name = inner->name, as_function = names_function(*function);
  const std::string name = value.is_string() && is_plain_accuracy(written) ? which_accuracy(loss, prediction)
                                                                           : canonical_metric(object->name);
  ConfigReader options(object->config, object->mark, fmt::format("metric '{}'", object->name), report);
  const bool wrapped = object->name != written;
  if (const auto custom = find_function(object->name, wrapped ? nullptr : object->config, environment, report)) {
    const std::string reported = wrapped ? options.text("name", custom->name()) : custom->name();
    return custom_metric(*custom, reported, loss, prediction);
  }
  bool known = false;
  auto metric = make(name, as_function, options, prediction, &known);
  if (!known) {
    report_unknown(*object, name, environment, report);
    return std::nullopt;
  }
  if (!metric) return std::nullopt;
  if (!labels_suit(metric->labels, loss, prediction)) {
    report.error(object->mark,
                 fmt::format("metric '{}' compares {}, but loss '{}' takes {}", written,
                             describe(metric->labels == Labels::kClasses), loss.name, describe(loss.class_indices)));
    return std::nullopt;
  }
  metric->name = options.text("name", default_name(value, written, name));
  options.note_default("name", "None");
  // Sums are kept as kcc keeps them, whatever the type that Keras is told to keep them in.
  options.ignore({"fn", "dtype"});
  options.finish();
  return metric;
}

}  // namespace kcc
