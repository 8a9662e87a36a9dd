// Executor: runs a program's entries on batches, with the memory and the threads that they need.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "runtime/aligned_buffer.h"
#include "runtime/context.h"
#include "runtime/files/result.h"
#include "runtime/program.h"
#include "runtime/state_block.h"
#include "runtime/threads.h"

namespace kcc::runtime {

class Executor {
 public:
  // threads: at least 1. The processor must be one of the program's (cpu.h).
  Executor(const Program& program, StateBlock& state, int threads);

  int threads() const { return pool_.threads(); }

  // Whether so many samples are whole batches, where the program runs batches of one size alone.
  Status check_samples(int64_t samples) const;

  // Bytes that entries need for batches up to this size, 64-byte aligned; negative: more than can be addressed.
  static int64_t memory_for(std::initializer_list<const EntryInfo*> entries, int64_t batch, int threads);

  // Makes room for batches up to this size; an Error if one would not fit memory or a kernel's 31-bit extents.
  Status prepare(const EntryInfo& entry, int64_t batch);
  // The same in memory that the caller lends, for these entries and as much as memory_for says; from then on there is
  // no other.
  Status prepare_in(char* memory, std::initializer_list<const EntryInfo*> entries, int64_t batch);

  // For entries that add up something over the ranks.
  void set_rank_sums(RankSums* sums) { context_.set_rank_sums(sums); }

  // For programs that time their calls; null: no longer.
  void set_call_times(CallTimes* times) { context_.set_call_times(times); }

  // inputs and outputs as in Step.
  Status run(const EntryInfo& entry, const void* const* inputs, void* const* outputs, int64_t batch);

  // The metrics of the batches since StateBlock::reset_metrics: Program::metric_count values.
  Status metrics(float* values);

  const Program& program() const { return program_; }

 private:
  Status check_batch(int64_t batch) const;
  Status check_extents(int64_t batch) const;
  Status make_room(const EntryInfo& entry, int64_t batch);
  Status call(const EntryInfo& entry, const void* const* inputs, void* const* outputs, int64_t batch);

  const Program& program_;
  StateBlock& state_;
  ThreadPool pool_;
  Context context_;
  AlignedBuffer own_;  // unless the caller lends some
  bool lent_ = false;
  char* arena_ = nullptr;
  int64_t arena_bytes_ = 0;
};

}  // namespace kcc::runtime
