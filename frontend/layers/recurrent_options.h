// What the three recurrent cells share: their weights' options and their dropout.
#pragma once

#include <string>
#include <vector>

#include "compiler/ops/scan.h"
#include "frontend/activations.h"
#include "frontend/layer_config.h"
#include "frontend/layers/options.h"

namespace kcc {

struct RecurrentOptions {
  int64_t units = 0;
  KernelOptions kernel;
  InitializerSpec recurrent;
  Penalty recurrent_penalty;
  Constraint recurrent_constraint;
  Activation activation, recurrent_activation;
  double dropout = 0, recurrent_dropout = 0;
  int64_t seed = -1;
  bool by_gate = false;  // a dropout mask of its own for each gate: Keras's "implementation" 1

  // kernel (features, gates * units), recurrent_kernel, bias of the given shape.
  std::vector<Weight> weights(int64_t features, int64_t gates, const std::vector<int64_t>& bias_shape) const;
};

RecurrentOptions read_recurrent_options(LayerConfig& c, bool gated);

// Elements that are kept, divided by their share, and zeros: one mask of x's shape without its steps for each of
// `count`, the same in all steps. Empty if nothing is dropped.
std::vector<ValueId> input_masks(CallScope& scope, const RecurrentOptions& o, ValueId x, int64_t count);
std::vector<ValueId> state_masks(CallScope& scope, const RecurrentOptions& o, ValueId x, int64_t count);

// x (T, B, n) times w (n, m), plus bias (m) if there is one, as one product.
ValueId project(Builder& b, ValueId x, ValueId w, ValueId bias);
// x W + b for all gates; `masks` are none, one, or one a gate.
ValueId project_gates(CallScope& scope, const RecurrentOptions& o, ValueId x, ValueId bias, int64_t gates,
                      const std::vector<ValueId>& masks);

// Parts [k * units, (k + 1) * units) along the last axis.
ValueId gate_of(Builder& b, ValueId z, int64_t k, int64_t units, int64_t count = 1);

}  // namespace kcc
