// CallCost: the work and the traffic of one call of a kernel at a batch, as its plan tells: what `kcc bench` divides
// by the measured time.
#pragma once

#include <cstdint>

#include "compiler/ir/plan.h"

namespace kcc {

struct CallCost {
  double flops = 0;
  double bytes = 0;  // each operand read once, each result written once; of a table only the rows that are read
};

CallCost cost_of(const KernelCall& call, const Kernel& kernel, int64_t batch);

}  // namespace kcc
