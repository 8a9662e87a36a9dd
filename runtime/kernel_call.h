// What generated code uses to call Halide kernels: a tensor view that fills a halide_buffer_t. Kept free of the
// standard library so that generated code compiles in a blink.
#pragma once

#include "HalideRuntime.h"
#include "runtime/program.h"

namespace kcc {

template <int Rank>
struct View {
  halide_buffer_t buffer{};
  halide_dimension_t dims[Rank > 0 ? Rank : 1]{};

  // Row-major, extents outermost first; Halide's dimension 0 is the innermost.
  template <typename... Extents>
  View(const void* data, halide_type_t type, Extents... extents) {
    const int64_t sizes[] = {static_cast<int64_t>(extents)..., 1};
    int32_t stride = 1;
    for (int i = 0; i < Rank; ++i) {
      const int32_t extent = static_cast<int32_t>(sizes[Rank - 1 - i]);
      dims[i] = halide_dimension_t(0, extent, stride, 0);
      stride *= extent;
    }
    buffer.host = static_cast<uint8_t*>(const_cast<void*>(data));
    buffer.type = type;
    buffer.dimensions = Rank;
    buffer.dim = dims;
  }
  operator halide_buffer_t*() { return &buffer; }
};

inline halide_type_t f32() { return halide_type_t(halide_type_float, 32, 1); }
inline halide_type_t i32() { return halide_type_t(halide_type_int, 32, 1); }
inline halide_type_t u32() { return halide_type_t(halide_type_uint, 32, 1); }
inline halide_type_t boolean() { return halide_type_t(halide_type_uint, 1, 1); }

}  // namespace kcc
