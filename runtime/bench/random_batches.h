// RandomBatches: made-up data that a program's entries take: batches of random numbers in memory, of the right shapes
// and types, indices below their limits, labels of classes that exist. Inputs and targets are in [0, 1), sample
// weights 1.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/aligned_buffer.h"
#include "runtime/files/result.h"
#include "runtime/program.h"

namespace kcc::runtime {

class RandomBatches {
 public:
  // A few different batches, so that a step does not find its data in the cache; fewer where they are large. Targets
  // only where the program has a loss.
  static Result<RandomBatches> create(const Program& program, int64_t batch, uint64_t seed);

  // The next batch, one pointer for each input, target and target's sample weights.
  const void* const* next();
  int64_t bytes() const { return bytes_; }  // of all batches

 private:
  RandomBatches() = default;
  std::vector<AlignedBuffer> columns_;
  std::vector<std::vector<const void*>> batches_;
  size_t next_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace kcc::runtime
