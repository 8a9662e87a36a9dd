// BatchReader: the mini-batches of a data set, one after the other. While a step computes, a thread may already gather
// the next batch into a second buffer; which thread filled a buffer changes nothing in it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/batch_buffer.h"

namespace kcc::runtime {

class BatchReader {
 public:
  // `data` outlives the reader. Without `ahead` no thread is ever started.
  static Result<BatchReader> create(const Dataset& data, int64_t largest_batch, bool ahead);
  BatchReader(BatchReader&&) noexcept;
  ~BatchReader();

  // Samples order[first .. first + count), or first .. first + count where the order is empty. The pointers, one for
  // each input, target and target's sample weights, are good until the next call.
  Result<const void* const*> read(const std::vector<int64_t>& order, int64_t first, int64_t count);

  // What the next call of read will ask for. Errors wait for that call; a wrong guess costs only its work, and where
  // the work is less than a thread's, nothing happens.
  void read_ahead(const std::vector<int64_t>& order, int64_t first, int64_t count);

 private:
  class Ahead;
  BatchReader(BatchBuffer now, std::unique_ptr<Ahead> ahead);

  BatchBuffer now_;
  std::unique_ptr<Ahead> ahead_;  // null: none
};

}  // namespace kcc::runtime
