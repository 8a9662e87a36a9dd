// What every loss's recipe reads, and what recipes share. To add a loss: its recipe in its family's file here, its row
// in registry.cpp, a row in tests/parity/suites/losses.py.
#pragma once

#include <optional>
#include <vector>

#include "frontend/training/losses.h"

namespace kcc {

struct LossConfig {
  ConfigReader& options;
  const Shape& prediction;  // (B, ..., C)
};

constexpr double kLossEpsilon = 1e-7;  // keras.backend.epsilon()

// The value of every position, from one that is a mean over the last axis or over `axis`.
Loss elementwise_loss(CompareFunction values);

// The option "axis", an integer or a list of integers, as positive axes in order; reports axes that are not there.
// Empty where it is null or absent and there is no fallback.
std::vector<int64_t> read_axes(ConfigReader& options, const Shape& prediction, std::optional<int64_t> fallback);
// One axis other than the samples'.
int64_t read_axis(LossConfig& c);

// Values of fewer axes than there are positions, (B, ...) or (): Keras averages whatever a loss returns. Here a value a
// position is wanted, (B, ...) as other losses have it: the mean is spread, which leaves the mean as it is.
ValueId per_position(Builder& b, ValueId values, const Shape& prediction);
bool has_positions(const Shape& values, const Shape& prediction);

// What a final softmax or sigmoid was applied to, or -1. The loss of the logits is exact where probabilities round to
// 0 or 1; Keras on TensorFlow takes them as well.
ValueId logits_of(const Builder& b, ValueId prediction, OpKind activation);

double read_smoothing(ConfigReader& options);

}  // namespace kcc
