// Scratch: the memory that kernels take while they run. The compiler knows every block of every kernel (Program's
// tables), so that all of it can be made before the first call: ScratchNeed adds up what a set of entries needs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/program.h"

namespace kcc::runtime {

constexpr int kScratchClasses = 40;  // blocks of 64 << class bytes, each behind a header of 64

int scratch_class(size_t bytes);  // may be kScratchClasses or more: too large

struct ScratchNeed {
  int32_t blocks[kScratchClasses] = {};

  // Of one call at a time, so of all kernels the most.
  void include(const EntryInfo& entry, int64_t batch, int threads);
  int64_t bytes() const;
};

}  // namespace kcc::runtime
