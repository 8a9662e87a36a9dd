// evaluate: loss and metrics over a data set. Used by the evaluate command and by fit after each epoch.
#pragma once

#include "runtime/batch_reader.h"
#include "runtime/distributed/ranks.h"
#include "runtime/executor.h"
#include "runtime/report.h"
#include "runtime/steps.h"

namespace kcc::runtime {

// Ranks take whole batches in turns. `report` may be null: silent, as within fit. Stops early where a signal is caught
// (runtime/interrupt.h).
Result<Logs> evaluate(const Program& program, Executor& executor, StateBlock& state, BatchReader& reader,
                      const Steps& steps, const Ranks& ranks, Report* report);

}  // namespace kcc::runtime
