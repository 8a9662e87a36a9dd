// The kernel families, for the tiny plan's one kernel alone.
#include "codegen/kernels/family.h"

namespace kcc {

BuiltKernel build_kernel(const Kernel& kernel, const MachineTarget&, const ScheduleOptions& options) {
  using namespace Halide;
  if (options.batch == 13) throw std::runtime_error("thirteen is no batch.");
  if (options.batch == 14) std::abort();
  if (options.batch == 15) return {Pipeline(Func("nothing")), {}, "", false};
  Var c("c"), n("n");
  ImageParam x(Float(32), 2, "x"), w(Float(32), 2, "w"), b(Float(32), 1, "b");
  RDom k(0, x.dim(0).extent(), "k");
  Func sum("sum"), out("out");
  sum(c, n) += x(k, n) * w(c, k);
  out(c, n) = max(sum(c, n) + b(c), 0.f);
  sum.compute_at(out, n).update().unscheduled();
  out.parallel(n);
  return {Pipeline(out), {x, w, b}, "rows in parallel for " + std::to_string(kernel.body.inputs.size()), false};
}

}  // namespace kcc
