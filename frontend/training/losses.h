// Losses: Keras's names and options -> one value a sample (and position), before weighting and averaging.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "compiler/ops/builder.h"
#include "frontend/config_reader.h"

namespace kcc {

// What losses and metrics compare.
struct Comparison {
  ValueId target = -1;      // labels: class indices i32 (B, ...) or f32 (B, ..., C)
  ValueId prediction = -1;  // f32 (B, ..., C)
};

using CompareFunction = std::function<ValueId(Builder&, const Comparison&)>;

enum class Reduction {
  kMeanOverBatch,   // sum / number of values, whatever their weights
  kMeanOverWeight,  // sum / sum of weights
  kSum,
};

struct Loss {
  std::string name;             // "mean_squared_error"
  bool class_indices = false;   // labels are class indices
  bool one_hot_labels = false;  // labels are distributions over classes: indices may be made rows
  bool summable = true;         // false: `values` repeats what it has fewer of, which leaves their mean but no sum
  Reduction reduction = Reduction::kMeanOverBatch;
  CompareFunction values;             // (B, ...)
  CompareFunction counted = nullptr;  // bool (B, ...): which of the values are there at all; null: all
  json::Value config = {};            // what named it
  bool is_custom = false;             // a function of --define
};

// A name, an alias or a configuration; `prediction` is the shape of the output it is for.
std::optional<Loss> read_loss(const json::Value& value, const Shape& prediction, const Environment& environment,
                              const Report& report);

// The functions by themselves, for metrics of the same name: their options are "from_logits" and the like. Empty,
// without a report, if no loss has this canonical name.
std::optional<Loss> make_loss(const std::string& name, ConfigReader& options, const Shape& prediction);
// "MSE", "MeanSquaredError" -> "mean_squared_error"
std::string canonical_loss(const std::string& name);
// Of losses, by their canonical names.
std::vector<std::string> loss_names();

}  // namespace kcc
