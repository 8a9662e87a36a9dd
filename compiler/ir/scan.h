// A loop over time as one node. kScan runs its body `steps` times, for t = 0, 1, ... or with `reverse` from the last to
// the first. Operands, by position:
//   carries     what the first step finds;
//   sequences   (steps, ...): step t sees element t;
//   invariants  seen whole by every step.
// The body's inputs are the same in the same order, each as one step sees it; its outputs are the next carries, then
// what each step contributes to stacked results. The scan's results, projected out by kResult nodes, are
//   [0, C)               the carries after the last step
//   [C, 2C)              every carry before step t, stacked: (steps, ...)
//   [2C, 3C)             every carry after step t, stacked
//   [3C, 3C+P)           per-step outputs, stacked
// `mask` is the position of the sequence (steps, B) that says which samples take part in a step, or -1. It changes no
// meaning: where no sample does, the generated code runs a body simplified for that case (passes/idle_body.h).
#pragma once

#include "compiler/ir/graph.h"

namespace kcc {

// How a scan's operands and results are counted off.
struct ScanLayout {
  int64_t steps = 0;
  bool reverse = false;
  int64_t carries = 0, sequences = 0, invariants = 0, stacked = 0;
  int64_t mask = -1;  // a sequence

  // positions of operands
  int64_t sequence(int64_t i) const { return carries + i; }
  int64_t invariant(int64_t i) const { return carries + sequences + i; }
  // indices of results
  int64_t before(int64_t i) const { return carries + i; }
  int64_t after(int64_t i) const { return 2 * carries + i; }
  int64_t stack(int64_t i) const { return 3 * carries + i; }
  int64_t results() const { return 3 * carries + stacked; }
};

ScanLayout layout_of(const Node& scan);
// The type of result `index`.
Type result_type(const Node& scan, int64_t index);
// `type` seen step by step: (steps, ...) for the type of one step.
Type stacked_type(const Type& step, int64_t steps);
Type step_type(const Type& stacked);

}  // namespace kcc
