// BatchBuffer: the rows of one mini-batch as an entry takes them: contiguous, converted, inputs then targets then
// sample weights. Rows that already are so in memory are handed on without a copy.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/aligned_buffer.h"
#include "runtime/bind_data.h"

namespace kcc::runtime {

class BatchBuffer {
 public:
  // `data` outlives the buffer.
  static Result<BatchBuffer> create(const Dataset& data, int64_t largest_batch);

  // Samples order[first .. first + count), or first .. first + count where the order is null.
  Status fill(const int64_t* order, int64_t first, int64_t count);

  // One for each input, target and target's sample weights, good until the next call.
  const void* const* pointers() const { return pointers_.data(); }

  // Bytes that fill would copy or make for so many samples: 0 where all rows are handed on as they are.
  int64_t work(bool ordered, int64_t count) const;

 private:
  struct Slot {
    const Column* column;
    AlignedBuffer rows;  // untouched, and so free, where no batch needs a copy
  };

  explicit BatchBuffer(const Dataset& data);
  Result<const void*> fill_column(Slot& slot, const int64_t* order, int64_t first, int64_t count);
  Status fill_one_hot(Slot& slot, const int64_t* order, int64_t first, int64_t count);

  std::vector<Slot> slots_;
  std::vector<int32_t> classes_;
  std::vector<std::byte> scratch_;
  std::vector<const void*> pointers_;
};

}  // namespace kcc::runtime
