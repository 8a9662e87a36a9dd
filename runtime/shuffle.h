// epoch_order: in which order one pass over the data visits the samples.
#pragma once

#include <cstdint>
#include <vector>

namespace kcc::runtime {

enum class Shuffle { kNone, kAll, kBatch };  // kBatch: within each batch only, as Keras's shuffle="batch"

// A function of its arguments. Empty for kNone: 0, 1, 2, ...
std::vector<int64_t> epoch_order(Shuffle shuffle, int64_t samples, int64_t batch, uint64_t seed, int64_t pass);

}  // namespace kcc::runtime
