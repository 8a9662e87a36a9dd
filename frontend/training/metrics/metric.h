// Metric: what every metric's recipe gives: states that every batch adds to, and the number that is made of them. All
// states are sums, so that those of several processes can be added up.
// To add a metric: its recipe in its family's file here, its row in registry.cpp, a row in tests/parity/suites.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ops/builder.h"
#include "frontend/config_reader.h"
#include "frontend/training/losses.h"

namespace kcc {

// What a batch brings.
struct MetricBatch {
  Comparison comparison;
  ValueId weights = -1;  // of the samples (B), or of their steps (B, T); -1: every sample counts once
  ValueId mask = -1;     // bool (B, ...): the output's; -1: none
};

// The labels that a metric compares with.
enum class Labels {
  kRows,     // f32 of the prediction's shape
  kClasses,  // class numbers i32, the prediction's shape without its last axis
  kAsLoss,   // whatever the loss takes
};

struct MetricState {
  std::string name;  // "total"
  Type type;         // fixed shape; zero at first
};

struct Metric {
  std::string name;  // as Keras reports it, without the output's name
  Labels labels = Labels::kRows;
  bool weighable = true;  // false: gives one value a batch, which no weights of samples apply to
  std::vector<MetricState> states;
  std::function<std::vector<ValueId>(Builder&, const MetricBatch&)> update;  // what the batch adds to each state
  std::function<ValueId(Builder&, const std::vector<ValueId>&)> result;      // of the states: an f32 scalar
  json::Value config = {};                                                   // what named it
  bool is_custom = false;                                                    // a function of --define
};

// What a recipe reads.
struct MetricConfig {
  ConfigReader& options;
  const Shape& prediction;  // (B, ..., C)
};

}  // namespace kcc
