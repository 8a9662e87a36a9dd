// ThreadPool: the threads that share the iterations of a kernel's parallel loops. Each pool is private to whoever
// made it; nothing is global. Kernels reach it through Context (context.h, halide_hooks.cpp).
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "runtime/cores.h"

namespace kcc::runtime {

class ThreadPool {
 public:
  // One iteration; 0 or an error code. Halide's halide_task_t.
  using Task = int (*)(void* user_context, int index, uint8_t* closure);

  explicit ThreadPool(int threads);  // counts the caller: 1 starts none
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Runs task for every index in [min, min + size), the caller taking its share; returns when all are done, with 0 or
  // the code of one that failed. A loop inside a loop, or from a second caller at once, runs on its own thread.
  int parallel_for(Task task, void* user_context, int min, int size, uint8_t* closure);

 private:
  struct Loop {
    Task task;
    void* user_context;
    uint8_t* closure;
    int min, size;
  };
  struct Share {
    int begin, end;
  };

  void work_forever();
  void take_part(uint32_t generation);
  Share claim(uint32_t generation);

  // Claiming goes through `open_` alone: the loop's generation above, iterations not yet claimed below. `loop_` is
  // read only after a claim succeeded: the caller waits for every claimed iteration, so it is stable until then.
  Loop loop_{};
  std::atomic<bool> busy_{false};
  std::atomic<bool> stop_{false};
  alignas(64) std::atomic<uint64_t> open_{0};
  alignas(64) std::atomic<int32_t> unfinished_{0};
  std::atomic<int32_t> error_{0};
  alignas(64) std::atomic<uint32_t> generation_{0};  // workers sleep on it
  std::vector<pthread_t> workers_;  // not std::thread: the embedded core goes without libstdc++
};

}  // namespace kcc::runtime
