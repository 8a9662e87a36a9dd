// ThreadPool of the caller alone, for libraries that are given as source: their kernels have no parallel loops, and
// threads.cpp needs C++20.
#include "runtime/threads.h"

namespace kcc::runtime {

ThreadPool::ThreadPool(int) {}

ThreadPool::~ThreadPool() = default;

int ThreadPool::parallel_for(Task task, void* user_context, int min, int size, uint8_t* closure) {
  for (int i = 0; i < size; ++i)
    if (int error = task(user_context, min + i, closure)) return error;
  return 0;
}

}  // namespace kcc::runtime
