// Executor: runs a program's entries on batches, with the memory and the threads that they need.
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/aligned_buffer.h"
#include "runtime/context.h"
#include "runtime/files/result.h"
#include "runtime/logs.h"
#include "runtime/program.h"
#include "runtime/state_block.h"
#include "runtime/threads.h"

namespace kcc::runtime {

class Executor {
 public:
  // threads 0: all cores.
  Executor(const Program& program, StateBlock& state, int threads);

  int threads() const { return pool_.threads(); }

  // Whether so many samples are whole batches, where the program runs batches of one size alone.
  Status check_samples(int64_t samples) const;

  // Makes room for batches up to this size; an Error if one would not fit memory or a kernel's 31-bit extents.
  Status prepare(const EntryInfo& entry, int64_t batch);

  // For entries that add up something over the ranks.
  void set_rank_sums(RankSums* sums) { context_.set_rank_sums(sums); }

  // For programs that time their calls; null: no longer.
  void set_call_times(CallTimes* times) { context_.set_call_times(times); }

  // inputs and outputs as in Step.
  Status run(const EntryInfo& entry, const void* const* inputs, void* const* outputs, int64_t batch);

  // The metrics of the batches since StateBlock::reset_metrics, sorted by name as Keras reports them.
  Result<Logs> metrics();

 private:
  Status check_batch(int64_t batch) const;
  Status make_room(const EntryInfo& entry, int64_t batch);
  Status call(const EntryInfo& entry, const void* const* inputs, void* const* outputs, int64_t batch);

  const Program& program_;
  StateBlock& state_;
  ThreadPool pool_;
  Context context_;
  AlignedBuffer arena_;
  int64_t arena_bytes_ = 0;
};

}  // namespace kcc::runtime
