// BatchReader: the rows of one mini-batch as an entry takes them: contiguous, converted, inputs then targets then
// sample weights. Rows that already are so in memory are handed on without a copy.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/aligned_buffer.h"
#include "runtime/bind_data.h"

namespace kcc::runtime {

class BatchReader {
 public:
  // `data` outlives the reader.
  static Result<BatchReader> create(const Dataset& data, int64_t largest_batch);

  // Samples order[first .. first + count), or first .. first + count where the order is empty. The pointers, one for
  // each input, target and target's sample weights, are good until the next call.
  const void* const* read(const std::vector<int64_t>& order, int64_t first, int64_t count);

 private:
  struct Slot {
    const Column* column;
    AlignedBuffer rows;  // untouched, and so free, where no batch needs a copy
  };

  explicit BatchReader(const Dataset& data);
  const void* read_column(Slot& slot, const int64_t* order, int64_t first, int64_t count);

  const Dataset* data_;
  std::vector<Slot> slots_;
  std::vector<int32_t> classes_;
  std::vector<const void*> pointers_;
};

}  // namespace kcc::runtime
