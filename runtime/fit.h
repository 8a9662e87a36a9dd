// fit: the training loop, in Keras's order.
#pragma once

#include "runtime/executor.h"
#include "runtime/training.h"

namespace kcc::runtime {

// Runs what is left of the training. The executor is prepared for its steps and those of its validation. A signal ends
// it after a step: Training::signal. Each rank trains on its share of every batch.
Status fit(Training& training, Executor& executor, BatchReader& reader);

}  // namespace kcc::runtime
