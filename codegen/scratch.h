// The memory that a kernel takes from the runtime while it runs, found in what Halide makes of its schedule.
#pragma once

#include <cstdint>
#include <vector>

#include "Halide.h"
#include "compiler/ir/graph.h"

namespace kcc {

// One block of at most fixed + batch * B bytes.
struct ScratchBlock {
  bool each_thread;  // of those that share the kernel's loops
  int64_t fixed, batch;
};

// Notes every block when the pipeline is lowered; `blocks` outlives that. `body`: what the kernel computes, whose operands
// the pipeline names "in0", "in1", ...
void find_scratch(Halide::Pipeline& pipeline, const Graph& body, std::vector<ScratchBlock>* blocks);

}  // namespace kcc
