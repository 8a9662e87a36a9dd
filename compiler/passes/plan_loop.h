// LoopPlanner: a scan as a Loop of a plan.
//
// A carry lives in slots: step t reads one and writes the next. If its stacks are used there are steps + 1 of them, and
// the stacks before and after are that memory from its first and second slot on; otherwise two take turns. Sequences
// and stacked outputs are walked through, a step's part after the other.
#pragma once

#include "compiler/ir/scan.h"
#include "compiler/passes/plan_calls.h"

namespace kcc {

class LoopPlanner {
 public:
  // Reserves the loop's memory and tells `outer` where the results are.
  LoopPlanner(const Module& module, const KernelGraph& outer_kernels, ValueId scan, const Plan& plan,
              KernelTable& table, Storages& storages, int64_t& now, CallPlanner& outer);

  // Where the initial value of carry `i` belongs.
  TensorRef first_slot(int64_t i) const;
  // Plans the calls; the operands must have places by now.
  Loop run();

 private:
  TensorRef carry_ref(int64_t i, bool next) const;
  TensorRef slot(int64_t i, int64_t number) const;
  TensorRef stack_ref(int64_t p) const;
  TensorRef moving(TensorRef whole, const Type& step) const;
  TensorRef input_ref(int64_t position);
  TensorRef output_ref(int64_t output) const;
  std::vector<KernelCall> plan_body(const Graph& body, const std::vector<int64_t>& outputs);
  std::vector<KernelCall> idle_calls();
  bool is_whole(int64_t i) const { return whole_[static_cast<size_t>(i)]; }

  const Module& module_;
  const Graph& graph_;
  const ValueId scan_;
  const Node& node_;
  const ScanLayout layout_;
  const Plan& plan_;
  KernelTable& table_;
  Storages& storages_;
  int64_t& now_;
  CallPlanner& outer_;
  std::string layer_;
  std::vector<bool> whole_;              // by carry: all its slots are kept
  std::vector<int32_t> rings_, stacks_;  // storages
};

}  // namespace kcc
