// Checkpoint: a run of fit in one file, to go on with later: a .weights.h5 that Keras reads like any other, with the
// rest of the run in a group "training" beside the weights: states that Keras keeps nowhere, the position, the history
// and what the callbacks remember. One file, so that it is whole or not there.
#pragma once

#include <string>

#include "runtime/callbacks/identity.h"

namespace kcc::runtime {

// Atomic.
Status save_checkpoint(const std::string& path, Identity& identity, Training& training);

// An Error if the file is damaged or if the run in it has another identity.
Status load_checkpoint(const std::string& path, const Identity& identity, Training& training);

}  // namespace kcc::runtime
