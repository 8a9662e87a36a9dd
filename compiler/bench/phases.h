// Phases of a training step. Nothing in a plan says which call belongs to the forward and which to the backward pass;
// the memory that calls read and write does.
#pragma once

#include <vector>

#include "compiler/ir/module.h"
#include "compiler/ir/plan.h"

namespace kcc {

enum class Phase {
  kForward,   // the loss and the metrics come from it
  kBackward,  // gradients come from it
  kUpdate,    // weights and other states are written; often together with the gradient of a weight
};
const char* name_of(Phase phase);

// One for each of calls_of(entry); all calls of a loop are of one phase.
std::vector<Phase> phases_of(const EntryPlan& entry, const Module& module);

}  // namespace kcc
