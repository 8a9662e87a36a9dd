// fit: the training loop, in Keras's order.
#pragma once

#include "runtime/training.h"

namespace kcc::runtime {

// Runs what is left of the training. Its executor is prepared for its steps and those of its validation. A signal ends
// it after a step: Training::signal. Each rank trains on its share of every batch.
Status fit(Training& training, BatchReader& reader);

}  // namespace kcc::runtime
