#include "compiler/ir/plan.h"

namespace kcc {

const char* name_of(Family family) {
  switch (family) {
    case Family::kPointwise:
      return "pointwise";
    case Family::kRows:
      return "rows";
    case Family::kReduction:
      return "reduction";
    case Family::kMatMul:
      return "matmul";
    case Family::kBatchMatMul:
      return "batch_matmul";
    case Family::kConv:
      return "conv";
    case Family::kConvInputGrad:
      return "conv_input_grad";
    case Family::kConvWeightGrad:
      return "conv_weight_grad";
    case Family::kMaxPool:
      return "max_pool";
    case Family::kMaxPoolGrad:
      return "max_pool_grad";
    case Family::kAvgPool:
      return "avg_pool";
    case Family::kAvgPoolGrad:
      return "avg_pool_grad";
    case Family::kScatter:
      return "scatter";
    case Family::kLoop:
      return "loop";
    case Family::kExchange:
      return "exchange";
  }
  return "?";
}

std::vector<const KernelCall*> calls_of(const EntryPlan& entry) {
  std::vector<const KernelCall*> calls;
  for (const PlanStep& step : entry.steps) {
    if (const auto* call = std::get_if<KernelCall>(&step)) {
      calls.push_back(call);
      continue;
    }
    const auto* loop = std::get_if<Loop>(&step);
    if (loop == nullptr) continue;
    for (const std::vector<KernelCall>* list : {&loop->calls, &loop->idle_calls})
      for (const KernelCall& call : *list) calls.push_back(&call);
  }
  return calls;
}

double flops_of(const EntryPlan& entry) {
  double flops = 0;
  for (const PlanStep& step : entry.steps) {
    if (const auto* call = std::get_if<KernelCall>(&step)) flops += call->flops;
    if (const auto* loop = std::get_if<Loop>(&step))
      for (const KernelCall& call : loop->calls) flops += call.flops * static_cast<double>(loop->steps);
  }
  return flops;
}

}  // namespace kcc
