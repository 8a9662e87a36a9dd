// Steps: how a data set is cut into batches.
#pragma once

#include <cstdint>

namespace kcc::runtime {

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

}  // namespace kcc::runtime
