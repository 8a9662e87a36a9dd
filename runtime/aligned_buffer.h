// AlignedBuffer: memory for kernels: states, activations, batches.
#pragma once

#include <cstdint>

#include "runtime/files/result.h"

namespace kcc::runtime {

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  AlignedBuffer(AlignedBuffer&& other) noexcept;
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept;
  ~AlignedBuffer();

  // Zeroed, 64-byte aligned; large ones in huge pages where the system gives them. `purpose` completes "out of
  // memory: ... bytes for ".
  static Result<AlignedBuffer> allocate(int64_t bytes, const char* purpose);

  char* data() const { return data_; }

 private:
  char* data_ = nullptr;
  int64_t bytes_ = 0;
};

}  // namespace kcc::runtime
