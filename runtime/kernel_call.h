// What generated code uses to call Halide kernels: views that describe memory as kernels want it, and the choice of
// one thread or several. Kept free of the standard library so that generated code compiles in a blink.
#pragma once

#include "HalideRuntime.h"
#include "runtime/entry.h"

namespace kcc::runtime {

using Buffer = halide_buffer_t;

constexpr halide_type_t f32(halide_type_float, 32, 1);
constexpr halide_type_t i32(halide_type_int, 32, 1);
constexpr halide_type_t u32(halide_type_uint, 32, 1);
constexpr halide_type_t boolean(halide_type_uint, 1, 1);

// A dense row-major tensor somewhere in memory.
template <int Rank>
class View {
 public:
  // Extents outermost first; Halide's dimension 0 is the innermost.
  template <typename... Extents>
  View(const void* data, halide_type_t type, Extents... extents) {
    static_assert(sizeof...(extents) == Rank);
    const int64_t sizes[] = {static_cast<int64_t>(extents)..., 1};
    int32_t stride = 1;
#pragma GCC unroll 8  // twice as fast as the loop, which matters to small models
    for (int i = 0; i < Rank; ++i) {
      const int32_t extent = static_cast<int32_t>(sizes[Rank - 1 - i]);
      dims_[i] = halide_dimension_t(0, extent, stride, 0);
      stride *= extent;
    }
    buffer_.host = static_cast<uint8_t*>(const_cast<void*>(data));
    buffer_.type = type;
    buffer_.dimensions = Rank;
    buffer_.dim = dims_;
  }
  View(const View&) = delete;  // buffer_ points at dims_
  View& operator=(const View&) = delete;

  // In loops, where only the address changes from step to step.
  void move_to(const void* data) {
    buffer_.host = static_cast<uint8_t*>(const_cast<void*>(data));
  }

  operator Buffer*() {
    return &buffer_;
  }

 private:
  Buffer buffer_{};
  halide_dimension_t dims_[Rank > 0 ? Rank : 1];
};

// Flops and bytes from which on a call gains from several threads: waking and collecting them costs microseconds.
constexpr int64_t kWorthThreads = 200000;

inline void set_work(Context* context, int64_t flops_and_bytes) {
  context->set_parallel(flops_and_bytes > kWorthThreads);
}

// A tensor of this batch has more bytes than the kernels' 32-bit indices reach.
constexpr int kBatchTooLarge = halide_error_code_buffer_extents_too_large;

}  // namespace kcc::runtime
