// Metrics: Keras's names and options -> one value a sample (and position), whose mean is reported.
#pragma once

#include <optional>
#include <string>

#include "frontend/training/losses.h"

namespace kcc {

struct MetricFunction {
  std::string name;  // as Keras reports it, without the output's name
  CompareFunction values;
  bool per_sample = true;   // or whatever a function of --define gives for a batch: one number, say
  json::Value config = {};  // what named it
  bool is_custom = false;   // a function of --define
};

// `loss` is the loss of the same output: it decides which accuracy "accuracy" is, as the labels' shape does in Keras.
std::optional<MetricFunction> read_metric(const json::Value& value, const Loss& loss, const Shape& prediction,
                                          const Environment& environment, const Report& report);

}  // namespace kcc
