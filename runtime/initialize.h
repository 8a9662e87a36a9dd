// initialize: fills a state before training, from what its StateInfo says, with Keras's distributions. The numbers
// depend on the seed and the state's index alone.
#pragma once

#include <cstdint>

#include "runtime/program.h"

namespace kcc::runtime {

// What each kind means (a, b are StateInfo's): constant a; uniform in [a, b); normal with mean a and deviation b;
// truncated normal: the same, drawn again beyond two deviations; orthogonal and identity: times the gain a;
// seed: random words. `data`: the state's elements. States with a seed of their own ignore the run's seed and their
// index, as two Keras initializers with one seed give equal weights.
void initialize(const StateInfo& state, int64_t index, uint64_t run_seed, void* data);

}  // namespace kcc::runtime
