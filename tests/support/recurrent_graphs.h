// Recurrent layers made with the builder functions alone: what loops over time are tested on.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/module.h"
#include "tests/support/finite_differences.h"

namespace kcc::testing {

constexpr int64_t kSteps = 4, kFeatures = 3, kUnits = 5;

struct RecurrentCase {
  std::string name;
  std::vector<Shape> inputs;
  BuildFunction build;  // of inputs, all f32
};

// Simple, gated and long short-term memory loops over time; masked, backwards, with carries that are stacked, weights
// that are used in other ways than by products over the batch, unused results.
std::vector<RecurrentCase> recurrent_cases();

// Embedding, masked LSTM, dense, mean squared error; SGD. Inputs: indices (B, steps) i32 and y (B, 1).
Module recurrent_module(int64_t steps = kSteps, int64_t words = 7, int64_t features = kFeatures, int64_t units = kUnits,
                        bool masked = true);

}  // namespace kcc::testing
