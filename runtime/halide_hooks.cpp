// The part of Halide's runtime that kernels compiled with no_runtime still call. `user_context` is a
// kcc::runtime::Context.
#include <cstdio>
#include <cstdlib>

#include "HalideRuntime.h"
#include "runtime/context.h"
#include "runtime/threads.h"

extern "C" {

void* halide_malloc(void* user_context, size_t bytes) {
  void* block = static_cast<kcc::runtime::Context*>(user_context)->allocate(bytes);
  if (block == nullptr) {
    // Kernels compiled without assertions do not look.
    std::fprintf(stderr, "error: out of memory: a kernel needs %zu bytes of scratch\n", bytes);
    std::_Exit(1);
  }
  return block;
}

void halide_free(void* user_context, void* block) {
  static_cast<kcc::runtime::Context*>(user_context)->release(block);
}

int halide_do_par_for(void* user_context, halide_task_t task, int min, int size, uint8_t* closure) {
  const kcc::runtime::Context* context = static_cast<const kcc::runtime::Context*>(user_context);
  if (context->parallel() && context->pool() != nullptr) {
    return context->pool()->parallel_for(task, user_context, min, size, closure);
  }
  for (int i = 0; i < size; ++i) {
    if (int error = task(user_context, min + i, closure)) return error;
  }
  return 0;
}

}  // extern "C"
