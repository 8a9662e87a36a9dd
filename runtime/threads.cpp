#include "runtime/threads.h"

#include <algorithm>

#include "runtime/denormals.h"

namespace kcc::runtime {
namespace {

// About 20 to 40 microseconds: the gap between two kernels of a step. Longer ones are slept through.
constexpr int kSpins = 1000;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

// Spins briefly, then sleeps, until the value is no longer `old`.
template <typename T>
void wait_while(const std::atomic<T>& value, T old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
}

int run_serially(ThreadPool::Task task, void* user_context, int min, int size, uint8_t* closure) {
  for (int i = 0; i < size; ++i) {
    if (int error = task(user_context, min + i, closure)) return error;
  }
  return 0;
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  workers_.reserve(static_cast<size_t>(std::max(0, threads - 1)));
  const auto start = [](void* pool) -> void* {
    static_cast<ThreadPool*>(pool)->work_forever();
    return nullptr;
  };
  for (int i = 1; i < threads; ++i) {
    pthread_t worker;
    if (pthread_create(&worker, nullptr, start, this) != 0) break;  // the system gives no more: go on with fewer
    workers_.push_back(worker);
  }
}

ThreadPool::~ThreadPool() {
  stop_.store(true);
  generation_.fetch_add(1);
  generation_.notify_all();
  for (const pthread_t worker : workers_) pthread_join(worker, nullptr);
}

int ThreadPool::parallel_for(Task task, void* user_context, int min, int size, uint8_t* closure) {
  if (workers_.empty() || size <= 1 || busy_.exchange(true, std::memory_order_acquire)) {
    return run_serially(task, user_context, min, size, closure);
  }
  loop_ = {task, user_context, closure, min, size};
  error_.store(0, std::memory_order_relaxed);
  unfinished_.store(size, std::memory_order_relaxed);
  const uint32_t generation = generation_.load(std::memory_order_relaxed) + 1;
  open_.store(uint64_t{generation} << 32 | static_cast<uint32_t>(size), std::memory_order_release);
  // Sequentially consistent: otherwise notify could look for sleepers before a worker about to sleep sees the value.
  generation_.store(generation);
  generation_.notify_all();

  take_part(generation);
  for (int32_t left; (left = unfinished_.load(std::memory_order_acquire)) != 0;) wait_while(unfinished_, left);
  const int error = error_.load(std::memory_order_relaxed);
  busy_.store(false, std::memory_order_release);
  return error;
}

void ThreadPool::work_forever() {
  FlushDenormals flush;
  uint32_t seen = 0;
  for (;;) {
    wait_while(generation_, seen);
    seen = generation_.load(std::memory_order_acquire);
    if (stop_.load()) return;
    take_part(seen);
  }
}

void ThreadPool::take_part(uint32_t generation) {
  for (Share share = claim(generation); share.begin < share.end; share = claim(generation)) {
    for (int i = share.begin; i < share.end; ++i) {
      if (int error = loop_.task(loop_.user_context, i, loop_.closure)) error_.store(error, std::memory_order_relaxed);
    }
    const int32_t done = share.end - share.begin;
    if (unfinished_.fetch_sub(done) == done) unfinished_.notify_one();
  }
}

// A quarter of an equal share of what is left: few claims for many iterations, single ones at the end.
ThreadPool::Share ThreadPool::claim(uint32_t generation) {
  uint64_t open = open_.load(std::memory_order_acquire);
  for (;;) {
    const int left = static_cast<int>(open & 0xffffffff);
    if (open >> 32 != generation || left == 0) return {0, 0};
    const int take = std::max(1, left / (4 * threads()));
    if (open_.compare_exchange_weak(open, open - static_cast<uint64_t>(take), std::memory_order_acq_rel,
                                    std::memory_order_acquire)) {
      const int begin = loop_.min + loop_.size - left;
      return {begin, begin + take};
    }
  }
}

}  // namespace kcc::runtime
