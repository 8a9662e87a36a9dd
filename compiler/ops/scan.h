// Loops over time: builders for kScan and its results. What the operands and results mean: compiler/ir/scan.h.
// The gradient is a pass of its own (passes/differentiate_scan.h): it differentiates the body.
#pragma once

#include <functional>

#include "compiler/ir/scan.h"
#include "compiler/ops/builder.h"

namespace kcc {

struct ScanOperands {
  int64_t steps = 0;
  bool reverse = false;
  std::vector<ValueId> carries, sequences, invariants;
  int64_t mask = -1;  // which sequence, (steps, B) bool, tells whose step it is; or -1
};

// What a body works with: one step's view of each operand, in a graph of its own.
struct ScanStep {
  Builder b;
  std::vector<ValueId> carries, sequences, invariants;
};

struct ScanOutputs {
  std::vector<ValueId> carries;  // the next ones, of the carries' types
  std::vector<ValueId> stacked;
};

// Makes the node; `step` builds the body. Bodies hold no state, no random numbers and no further loop.
ValueId scan(Builder& b, const ScanOperands& operands, const std::function<ScanOutputs(ScanStep&)>& step);
// The same with a finished body, whose inputs and outputs are laid out as compiler/ir/scan.h says.
ValueId scan(Builder& b, const ScanOperands& operands, Graph body);

// Results by their number in the whole list, or by kind.
ValueId scan_result(Builder& b, ValueId scan, int64_t index);
ValueId final_carry(Builder& b, ValueId scan, int64_t i);     // after the last step
ValueId stacked_output(Builder& b, ValueId scan, int64_t i);  // (steps, ...)
ValueId carries_before(Builder& b, ValueId scan, int64_t i);  // (steps, ...): what each step found
ValueId carries_after(Builder& b, ValueId scan, int64_t i);   // (steps, ...): what each step left

}  // namespace kcc
