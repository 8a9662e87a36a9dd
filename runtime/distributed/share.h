// Share: which samples of a batch a rank has.
#pragma once

#include <algorithm>
#include <cstdint>

namespace kcc::runtime {

struct Share {
  int64_t first, count;  // samples of the batch
  bool counts = true;    // false: there are fewer samples than ranks; this one looks at another's and adds nothing
};

// In the order of the ranks, as equal as can be. rank < size, batch > 0.
inline Share share_of(int64_t batch, int64_t rank, int64_t size) {
  const int64_t first = batch * rank / size, end = batch * (rank + 1) / size;
  if (first < end) return {first, end - first};
  return {std::min(first, batch - 1), 1, false};
}

}  // namespace kcc::runtime
