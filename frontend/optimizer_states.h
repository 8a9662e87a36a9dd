// Declares what an optimizer keeps as states of the module, in the order in which Keras saves it.
#pragma once

#include <vector>

#include "frontend/bind_layers.h"
#include "frontend/training/optimizers.h"

namespace kcc {

// A weight that the optimizer updates, and what it keeps for it.
struct UpdatedWeight {
  const BoundWeight* weight;
  WeightRule rule;
  std::vector<StateId> slots;              // parallel to WeightStep::slots
  StateId average = -1, accumulator = -1;  // -1 where the options ask for none
};

struct OptimizerStates {
  std::vector<UpdatedWeight> weights;  // in Keras's order
  std::vector<StateId> scalars;        // parallel to Optimizer::scalars
};

// Adds the states, and notes in the module which count the steps and hold the learning rate, and which weights end
// as their averages. `origin` is the optimizer's. The result points into `model`.
OptimizerStates declare_optimizer(const BoundModel& model, const Optimizer& optimizer, int32_t origin, Module& module);

}  // namespace kcc
