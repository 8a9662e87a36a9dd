#include "frontend/training/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/names.h"
#include "frontend/training/custom_training.h"

namespace kcc {
namespace {

ValueId as_number(Builder& b, ValueId condition) {
  return cast(b, condition, DType::kF32);
}
ValueId equal(Builder& b, ValueId x, ValueId y) {
  return as_number(b, binary(b, OpKind::kEq, x, y));
}

// Class indices as numbers of the prediction's shape (B, ..., 1).
ValueId labels_like(Builder& b, const Comparison& c) {
  return reshape(b, cast(b, c.target, DType::kF32), b.shape(c.prediction));
}

ValueId accuracy(Builder& b, const Comparison& c) {
  return equal(b, labels_like(b, c), c.prediction);
}

ValueId binary_accuracy(Builder& b, const Comparison& c, double threshold) {
  return equal(b, labels_like(b, c), as_number(b, greater(b, c.prediction, threshold)));
}

ValueId categorical_accuracy(Builder& b, const Comparison& c) {
  return equal(b, argmax(b, c.target, -1), argmax(b, c.prediction, -1));
}

ValueId sparse_categorical_accuracy(Builder& b, const Comparison& c) {
  return equal(b, c.target, argmax(b, c.prediction, -1));
}

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

struct Known {
  CompareFunction values;
  bool class_indices = false;  // whether it needs labels that are class indices, where there is more than one class
};

std::optional<Known> make(const std::string& name, ConfigReader& options, const Shape& prediction) {
  if (name == "accuracy") return Known{accuracy};
  if (name == "categorical_accuracy") return Known{categorical_accuracy};
  if (name == "sparse_categorical_accuracy") return Known{sparse_categorical_accuracy, true};
  if (name == "binary_accuracy") {
    const double threshold = options.number("threshold", 0.5);
    return Known{[=](Builder& b, const Comparison& c) { return binary_accuracy(b, c, threshold); }};
  }
  const auto loss = make_loss(name, options, prediction);
  return loss ? std::optional<Known>({loss->values, loss->class_indices}) : std::nullopt;
}

const std::vector<std::string>& names() {
  static const std::vector<std::string> kNames = {"accuracy",
                                                  "binary_accuracy",
                                                  "binary_crossentropy",
                                                  "categorical_accuracy",
                                                  "categorical_crossentropy",
                                                  "mean_absolute_error",
                                                  "mean_squared_error",
                                                  "sparse_categorical_accuracy",
                                                  "sparse_categorical_crossentropy"};
  return kNames;
}

// Labels are class indices or rows as the loss has them; a metric of the other kind has nothing to compare.
bool labels_suit(const std::string& name, bool wants_indices, const Loss& loss, const Shape& prediction) {
  if (wants_indices == loss.class_indices) return true;
  const bool reads_either = name == "accuracy" || name == "binary_accuracy";
  return reads_either && prediction.back().size == 1;
}

}  // namespace

std::optional<MetricFunction> read_metric(const json::Value& value, const Loss& loss, const Shape& prediction,
                                          const Environment& environment, const Report& report) {
  auto object = named_object(value);
  if (!object) {
    report.error(value.mark, fmt::format("the metric is {}, expected its name or configuration", json::to_text(value)));
    return std::nullopt;
  }
  const std::string written = object->name;
  if (written == "MeanMetricWrapper" && object->config)
    if (const json::Value* function = object->config->find("fn"))
      if (const auto inner = named_object(*function)) object->name = inner->name;
  const std::string name =
      value.is_string() && is_plain_accuracy(written) ? which_accuracy(loss, prediction) : canonical_loss(object->name);
  ConfigReader options(object->config, object->mark, fmt::format("metric '{}'", object->name), report);
  const bool wrapped = object->name != written;
  if (const auto custom = find_function(object->name, wrapped ? nullptr : object->config, environment, report)) {
    const std::string reported = wrapped ? options.text("name", custom->name()) : custom->name();
    return custom_metric(*custom, reported, loss, prediction);
  }
  const auto known = make(name, options, prediction);
  if (!known) {
    const std::string near = did_you_mean(name, names());
    report.error(object->mark, fmt::format("unknown metric '{}'", object->name),
                 near.empty() ? define_hint(object->name, "y_true, y_pred", environment) : near);
    return std::nullopt;
  }
  if (!labels_suit(name, known->class_indices, loss, prediction)) {
    report.error(object->mark,
                 fmt::format("metric '{}' compares {}, but loss '{}' takes {}", written,
                             known->class_indices ? "class numbers" : "rows of the prediction's shape", loss.name,
                             loss.class_indices ? "class numbers" : "rows of the prediction's shape"));
    return std::nullopt;
  }
  MetricFunction metric{options.text("name", value.is_string() ? written : name), known->values};
  options.ignore({"fn"});
  if (options.text("dtype", "float32") != "float32") options.error("dtype", "'float32'");
  options.finish();
  return metric;
}

}  // namespace kcc
