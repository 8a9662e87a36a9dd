#include "codegen/kernels/family.h"
#include "compiler/support/check.h"

namespace kcc {

BuiltKernel build_kernel(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  switch (kernel.family) {
    case Family::kPointwise:
      return build_pointwise(kernel, target, options);
    case Family::kRows:
      return build_rows(kernel, target, options);
    case Family::kReduction:
      return build_reduction(kernel, target, options);
    case Family::kMatMul:
      return build_matmul(kernel, target, options);
    case Family::kBatchMatMul:
      return build_batch_matmul(kernel, target, options);
    case Family::kConv:
      return build_conv(kernel, target, options);
    case Family::kConvInputGrad:
      return build_conv_input_grad(kernel, target, options);
    case Family::kConvWeightGrad:
      return build_conv_weight_grad(kernel, target, options);
    case Family::kMaxPool:
    case Family::kAvgPool:
      return build_pool(kernel, target, options);
    case Family::kMaxPoolGrad:
    case Family::kAvgPoolGrad:
      return build_pool_grad(kernel, target, options);
    case Family::kScatter:
      return build_scatter(kernel, target, options);
    case Family::kExchange:
    case Family::kLoop:
      break;
  }
  KCC_CHECK(false, "no such family");
}

}  // namespace kcc
