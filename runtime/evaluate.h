// evaluate: loss and metrics over a data set. Used by the evaluate command and by fit after each epoch.
#pragma once

#include <cstdint>

#include "runtime/batch_reader.h"
#include "runtime/executor.h"
#include "runtime/report.h"

namespace kcc::runtime {

// How a data set is cut into steps.
struct Steps {
  int64_t samples;
  int64_t batch;
  int64_t count;      // steps a pass or epoch takes
  int64_t available;  // batches in the data, the last one perhaps smaller

  int64_t size(int64_t step) const { return step + 1 < available ? batch : samples - step * batch; }
};

// batch, limit: 0 where not given. As in Keras, a limit without a batch decides the batch.
// `fixed_batch`: the program's, where the caller names no batch; 0: Keras's 32.
Steps plan_steps(int64_t samples, int64_t batch, int64_t limit, int64_t fixed_batch = 0);

// Ranks take whole batches in turns. `report` may be null: silent, as within fit. Stops early where a signal is caught
// (runtime/interrupt.h).
Result<Logs> evaluate(const Program& program, Executor& executor, StateBlock& state, BatchReader& reader,
                      const Steps& steps, const Ranks& ranks, Report* report);

}  // namespace kcc::runtime
