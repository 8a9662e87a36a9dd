// Context: what a running kernel may ask the runtime for: scratch memory and parallel loops. Kernels receive it as
// Halide's user_context; the halide_* symbols they need are defined in halide_hooks.cpp on top of it.
// One thread at a time runs an entry with a context; that thread's kernels may use it from all of the pool's threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kcc::runtime {

class CallTimes;
class RankSums;
class ThreadPool;
struct ScratchNeed;
struct Summand;

class Context {
 public:
  explicit Context(ThreadPool* pool);  // null: everything on the calling thread
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Makes these blocks, less those made before: out of `memory` (64-byte aligned, need.bytes(); it outlives this), or
  // where that is null of the system's; false: it has none.
  bool reserve(const ScratchNeed& need, char* memory);

  // 64-byte aligned scratch, or null; blocks are kept and handed out again, so that a steady state allocates nothing,
  // nor does anything after reserve(). Takes no lock.
  void* allocate(size_t bytes);
  void release(void* block);

  // Generated code sets this before a call: whether the call is long enough to be worth waking other threads.
  void set_parallel(bool worthwhile) { parallel_ = worthwhile; }
  bool parallel() const { return parallel_; }
  // Which of the program's targets (cpu.h) kernels are called for; generated code asks where there are several.
  void set_cpu_target(int32_t index) { cpu_target_ = index; }
  int32_t cpu_target() const { return cpu_target_; }
  ThreadPool* pool() const { return pool_; }

  // Sums over the ranks (distributed/rank_sums.h) for the entries that make some.
  void set_rank_sums(RankSums* sums) { sums_ = sums; }
  // Starts to add these up, with bucket 0, 1, 2, ... of an entry; the memory is not to be touched until awaited.
  void sum_over_ranks(int32_t bucket, const Summand* summands, int32_t count);
  void await_sums(int32_t bucket);

  // For programs that time their calls (bench/call_times.h): where to; null, as it is at first: nowhere.
  void set_call_times(CallTimes* times) { times_ = times; }
  // Around each call, with its number in the program.
  void begin_call(int32_t call);
  void end_call(int32_t call);

 private:
  struct Blocks;
  ThreadPool* pool_;
  RankSums* sums_ = nullptr;
  CallTimes* times_ = nullptr;
  Blocks* blocks_;
  bool parallel_ = false;
  int32_t cpu_target_ = -1;  // -1: the last, which needs least
};

}  // namespace kcc::runtime
