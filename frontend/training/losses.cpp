#include "frontend/training/losses.h"

#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/rows.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/layer.h"
#include "frontend/names.h"
#include "frontend/training/custom_training.h"

namespace kcc {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon()

ValueId log_of(Builder& b, ValueId x) {
  return unary(b, OpKind::kLog, x);
}

// What a final softmax or sigmoid was applied to, or -1. The loss of the logits is exact where probabilities
// round to 0 or 1; Keras on TensorFlow takes them as well.
ValueId logits_of(const Builder& b, ValueId prediction, OpKind activation) {
  const Node& node = b.graph[prediction];
  return node.op == activation ? node.inputs[0] : -1;
}

// log of the probabilities (..., C), which Keras makes sum to 1 and keeps away from 0.
ValueId log_probabilities(Builder& b, ValueId prediction, bool from_logits) {
  if (from_logits) return log_softmax(b, prediction);
  ValueId logits = logits_of(b, prediction, OpKind::kSoftmax);
  if (logits >= 0) return log_softmax(b, logits);
  ValueId normed = div(b, prediction, reduce_sum(b, prediction, {-1}, true));
  return log_of(b, clip(b, normed, kEpsilon, 1 - kEpsilon));
}

// ---- the functions: (B, ..., C) -> (B, ...)

ValueId mean_squared_error(Builder& b, const Comparison& c) {
  return mean(b, square(b, sub(b, c.target, c.prediction)), {-1});
}

ValueId mean_absolute_error(Builder& b, const Comparison& c) {
  return mean(b, unary(b, OpKind::kAbs, sub(b, c.target, c.prediction)), {-1});
}

ValueId categorical_crossentropy(Builder& b, const Comparison& c, bool from_logits, double smoothing) {
  ValueId y = c.target;
  const double classes = static_cast<double>(b.shape(y).back().size);
  if (smoothing != 0) y = add(b, mul(b, y, 1 - smoothing), smoothing / classes);
  return neg(b, reduce_sum(b, mul(b, y, log_probabilities(b, c.prediction, from_logits)), {-1}));
}

ValueId sparse_categorical_crossentropy(Builder& b, const Comparison& c, bool from_logits) {
  ValueId logs = log_probabilities(b, c.prediction, from_logits);
  const Shape shape = b.shape(logs);
  Shape column = shape;
  column.back() = Dim{};
  ValueId is_label = binary(b, OpKind::kEq, iota(b, shape, -1), reshape(b, c.target, column));
  return neg(b, reduce_sum(b, select(b, is_label, logs, constant(b, 0.0)), {-1}));
}

// From logits z: log(1 + e^z) - y z, whose gradient is sigmoid(z) - y.
ValueId binary_crossentropy(Builder& b, const Comparison& c, bool from_logits, double smoothing) {
  ValueId y = c.target;
  if (smoothing != 0) y = add(b, mul(b, y, 1 - smoothing), 0.5 * smoothing);
  ValueId z = from_logits ? c.prediction : logits_of(b, c.prediction, OpKind::kSigmoid);
  if (z >= 0) return mean(b, sub(b, softplus(b, z), mul(b, y, z)), {-1});
  ValueId p = clip(b, c.prediction, kEpsilon, 1 - kEpsilon);
  ValueId on = mul(b, y, log_of(b, p)), off = mul(b, sub(b, 1.0, y), log_of(b, sub(b, 1.0, p)));
  return mean(b, neg(b, add(b, on, off)), {-1});
}

// ---- options

void check_axis(ConfigReader& options, const Shape& prediction) {
  const int64_t axis = options.integer("axis", -1);
  if (positive_axis(axis, prediction.size()) != static_cast<int64_t>(prediction.size()) - 1)
    options.error("axis", "the last axis: no other is supported yet");
}

double read_smoothing(ConfigReader& options) {
  const double smoothing = options.number("label_smoothing", 0);
  if (!(smoothing >= 0 && smoothing <= 1)) options.error("label_smoothing", "a number from 0 to 1");
  return smoothing;
}

Reduction read_reduction(ConfigReader& options) {
  const bool none = options.written("reduction") && !options.has("reduction");
  const std::string name = options.text("reduction", none ? "none" : "sum_over_batch_size");
  if (name == "sum_over_batch_size" || name == "mean") return Reduction::kMeanOverBatch;
  if (name == "mean_with_sample_weight") return Reduction::kMeanOverWeight;
  if (name == "sum") return Reduction::kSum;
  options.error("reduction", "'sum_over_batch_size', 'mean', 'mean_with_sample_weight' or 'sum'");
  return Reduction::kMeanOverBatch;
}

const std::vector<std::string>& names() {
  static const std::vector<std::string> kNames = {"binary_crossentropy", "categorical_crossentropy",
                                                  "mean_absolute_error", "mean_squared_error",
                                                  "sparse_categorical_crossentropy"};
  return kNames;
}

// "crossentropy" is whichever fits: with one output binary, else it would need the labels to decide.
std::string resolve(const NamedObject& object, const Shape& prediction, const Report& report) {
  if (object.name != "crossentropy" && object.name != "ce") return canonical_loss(object.name);
  if (prediction.back().size != 1)
    report.error(object.mark, fmt::format("loss '{}' depends on the labels, expected 'sparse_categorical_crossentropy' "
                                          "for class numbers or 'categorical_crossentropy' for one-hot rows",
                                          object.name));
  return "binary_crossentropy";
}

}  // namespace

std::string canonical_loss(const std::string& name) {
  const std::string snake = to_snake_case(name);
  static constexpr std::pair<const char*, const char*> kAliases[] = {
      {"bce", "binary_crossentropy"}, {"mae", "mean_absolute_error"}, {"mse", "mean_squared_error"}};
  for (const auto& [alias, meaning] : kAliases)
    if (snake == alias) return meaning;
  return snake;
}

std::optional<Loss> make_loss(const std::string& name, ConfigReader& options, const Shape& prediction) {
  Loss loss;
  loss.name = name;
  if (name == "mean_squared_error" || name == "mean_absolute_error") {
    loss.values = name == "mean_squared_error" ? mean_squared_error : mean_absolute_error;
    return loss;
  }
  if (name != "binary_crossentropy" && name != "categorical_crossentropy" && name != "sparse_categorical_crossentropy")
    return std::nullopt;
  const bool from_logits = options.boolean("from_logits", false);
  check_axis(options, prediction);
  loss.class_indices = name == "sparse_categorical_crossentropy";
  loss.one_hot_labels = name == "categorical_crossentropy";
  if (loss.class_indices) {
    options.refuse("ignore_class");
    loss.values = [=](Builder& b, const Comparison& c) { return sparse_categorical_crossentropy(b, c, from_logits); };
    return loss;
  }
  const double smoothing = read_smoothing(options);
  const auto function = loss.one_hot_labels ? categorical_crossentropy : binary_crossentropy;
  loss.values = [=](Builder& b, const Comparison& c) { return function(b, c, from_logits, smoothing); };
  return loss;
}

std::optional<Loss> read_loss(const json::Value& value, const Shape& prediction, const Environment& environment,
                              const Report& report) {
  auto object = named_object(value);
  // A function given as loss=f is written as a wrapper with the function inside.
  const bool wrapped = object && object->name == "LossFunctionWrapper" && object->config && object->config->find("fn");
  if (wrapped)
    if (const auto inner = named_object(*object->config->find("fn"))) object->name = inner->name;
  if (!object) {
    report.error(value.mark, fmt::format("the loss is {}, expected its name or configuration", json::to_text(value)));
    return std::nullopt;
  }
  ConfigReader options(object->config, object->mark, fmt::format("loss '{}'", object->name), report);
  const auto custom = find_function(object->name, wrapped ? nullptr : object->config, environment, report);
  if (custom && !wrapped) return custom_loss(*custom, prediction);
  const std::string name = custom ? object->name : resolve(*object, prediction, report);
  auto loss = custom ? custom_loss(*custom, prediction) : make_loss(name, options, prediction);
  if (custom && !loss) return std::nullopt;
  if (!loss) {
    const std::string near = did_you_mean(name, names());
    report.error(object->mark, fmt::format("unknown loss '{}'", object->name),
                 near.empty() ? define_hint(object->name, "y_true, y_pred", environment) : near);
    return std::nullopt;
  }
  loss->reduction = read_reduction(options);
  options.ignore({"name", "fn"});
  if (options.text("dtype", "float32") != "float32") options.error("dtype", "'float32'");
  options.finish();
  return loss;
}

}  // namespace kcc
