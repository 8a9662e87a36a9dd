// fit: the training loop, in Keras's order.
#pragma once

#include <cstdint>

#include "runtime/evaluate.h"
#include "runtime/history.h"
#include "runtime/shuffle.h"

namespace kcc::runtime {

struct FitPlan {
  int64_t initial_epoch, epochs;
  Steps steps;  // of an epoch
  Shuffle shuffle;
  uint64_t seed;
};

struct Validation {
  BatchReader reader;
  Steps steps;
};

struct FitResult {
  History history;       // of the whole epochs
  int signal = 0;        // that ended the run early, or 0
  bool ran_out = false;  // an epoch had fewer batches than --steps-per-epoch
};

// `validation` may be null. The executor is prepared for both.
Result<FitResult> fit(const Program& program, Executor& executor, StateBlock& state, BatchReader& reader,
                      const FitPlan& plan, Validation* validation, Report& report);

}  // namespace kcc::runtime
