// FlushDenormals: while one lives, this thread's arithmetic treats denormal numbers as zero; they cost up to a
// hundred times. Workers hold one for life, the generated entry functions for the duration of a call, so that every
// thread that computes agrees, whatever rounding and traps the caller has set, and the caller's own mode comes back.
#pragma once

#include <cstdint>

namespace kcc::runtime {

class FlushDenormals {
 public:
  FlushDenormals() : saved_(read()) { write(kFlush); }
  ~FlushDenormals() { write(saved_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__x86_64__)
  using Mode = uint32_t;                  // MXCSR
  static constexpr Mode kFlush = 0x9fc0;  // results to zero, operands as zero; else as programs start
  static Mode read() {
    return __builtin_ia32_stmxcsr();
  }
  static void write(Mode mode) {
    __builtin_ia32_ldmxcsr(mode);
  }
#elif defined(__aarch64__)
  using Mode = uint64_t;                    // FPCR
  static constexpr Mode kFlush = 1u << 24;  // FZ; else as programs start
  static Mode read() {
    Mode mode;
    asm volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
  }
  static void write(Mode mode) {
    asm volatile("msr fpcr, %0" : : "r"(mode));
  }
#else
  using Mode = uint32_t;
  static constexpr Mode kFlush = 0;
  static Mode read() {
    return 0;
  }
  static void write(Mode) {}
#endif
  Mode saved_;
};

}  // namespace kcc::runtime
