// A model of two dense layers with relu, as the passes would leave it: for tests of what comes after them.
#pragma once

#include "codegen/target.h"
#include "compiler/ir/plan.h"

namespace kcc {

struct TinyPlan {
  Module module;
  Plan plan;
};

// predict: input "x" (B, 4) -> hidden = relu(x w + b) in the arena -> output "dense_1" = relu(hidden w + b), both by
// the same kernel.
TinyPlan tiny_plan();

// A target that every machine runs.
MachineTarget target_for_tests();

}  // namespace kcc
