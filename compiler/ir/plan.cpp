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
  }
  return "?";
}

}  // namespace kcc
