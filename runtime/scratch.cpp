#include "runtime/scratch.h"

#include <algorithm>

namespace kcc::runtime {
namespace {

constexpr size_t kSmallest = 64;

// Adds the blocks of the kernel whose rows begin at `row`; returns where the next one's begin.
int32_t add_kernel(const EntryInfo& entry, int32_t row, int64_t batch, int threads, int32_t* blocks) {
  const int32_t kernel = entry.scratch[row].kernel;
  for (; row < entry.scratch_count && entry.scratch[row].kernel == kernel; ++row) {
    const Scratch& scratch = entry.scratch[row];
    const int size_class = scratch_class(static_cast<size_t>(scratch.fixed + scratch.batch * batch));
    if (size_class < kScratchClasses) blocks[size_class] += scratch.each_thread ? threads : 1;
  }
  return row;
}

}  // namespace

int scratch_class(size_t bytes) {
  return bytes <= kSmallest ? 0 : 64 - __builtin_clzll((bytes - 1) / kSmallest);
}

void ScratchNeed::include(const EntryInfo& entry, int64_t batch, int threads) {
  for (int32_t row = 0; row < entry.scratch_count;) {
    int32_t kernel[kScratchClasses] = {};
    row = add_kernel(entry, row, batch, threads, kernel);
    for (int i = 0; i < kScratchClasses; ++i) blocks[i] = std::max(blocks[i], kernel[i]);
  }
}

int64_t ScratchNeed::bytes() const {
  int64_t sum = 0;
  for (int i = 0; i < kScratchClasses; ++i) sum += blocks[i] * static_cast<int64_t>(kSmallest + (kSmallest << i));
  return sum;
}

}  // namespace kcc::runtime
