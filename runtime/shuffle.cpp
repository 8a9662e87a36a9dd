#include "runtime/shuffle.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "runtime/random.h"

namespace kcc::runtime {
namespace {

// Fisher and Yates.
void shuffle_range(int64_t* first, int64_t count, RandomStream& random) {
  for (int64_t i = count - 1; i > 0; --i) {
    std::swap(first[i], first[random.below(static_cast<uint64_t>(i) + 1)]);
  }
}

}  // namespace

std::vector<int64_t> epoch_order(Shuffle shuffle, int64_t samples, int64_t batch, uint64_t seed, int64_t pass) {
  if (shuffle == Shuffle::kNone) return {};
  std::vector<int64_t> order(static_cast<size_t>(samples));
  std::iota(order.begin(), order.end(), 0);
  RandomStream random(seed, RandomStream::Purpose::kShuffle, static_cast<uint64_t>(pass));
  const int64_t chunk = shuffle == Shuffle::kAll ? samples : batch;
  for (int64_t first = 0; first < samples; first += chunk) {
    shuffle_range(order.data() + first, std::min(chunk, samples - first), random);
  }
  return order;
}

}  // namespace kcc::runtime
