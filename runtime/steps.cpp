#include "runtime/steps.h"

#include <algorithm>

namespace kcc::runtime {

Steps plan_steps(int64_t samples, int64_t batch, int64_t limit, int64_t fixed_batch) {
  if (batch == 0) batch = fixed_batch;
  constexpr int64_t kDefaultBatch = 32;
  if (batch == 0) batch = limit > 0 ? (samples + limit - 1) / limit : kDefaultBatch;
  batch = std::min(batch, samples);
  const int64_t available = (samples + batch - 1) / batch;
  return {samples, batch, limit > 0 ? limit : available, available};
}

}  // namespace kcc::runtime
