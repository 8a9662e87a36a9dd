// Resolves compile()'s arguments, and what the command line says over them, to losses and metrics per output, as
// keras/src/trainers/compile_utils.py does. CompileSpec -> TrainingSpec.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "frontend/frontend.h"
#include "frontend/model_spec.h"
#include "frontend/training/metrics.h"
#include "frontend/training/optimizers.h"

namespace kcc {

struct OutputTraining {
  std::optional<Loss> loss;  // empty: the output is not trained and takes no labels
  double loss_weight = 1;
  bool temporal_weights = false;  // sample weights of one a step, not one a sample
  std::vector<Metric> metrics, weighted_metrics;
};

struct TrainingSpec {
  std::vector<OutputTraining> outputs;  // parallel to the model's
  std::optional<Optimizer> optimizer;

  bool has_loss() const;
};

TrainingSpec resolve_compile(const CompileSpec& compile, const TrainingOverrides& overrides,
                             const std::vector<NamedType>& outputs, const Environment& environment,
                             const Report& report);

}  // namespace kcc
