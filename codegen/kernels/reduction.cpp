// Reduction: sums and extrema over leading, middle or all dimensions, with element-wise work before them (inlined) and
// on their results: gradients of biases, statistics of batches, totals. Each result is one Func; all reductions over
// the same elements share one pass.
#include <algorithm>

#include "codegen/kernels/collapse.h"
#include "codegen/kernels/family.h"
#include "codegen/kernels/reduce.h"
#include "codegen/kernels/schedule.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Func;
using Halide::TailStrategy;

// Whether Reduction's fast form takes it: vectors along a fixed innermost extent, or a reduced one.
bool is_regular(const Graph& body, ValueId reduction) {
  const Node& node = body[reduction];
  const Shape& domain = body[node.inputs[0]].type.shape;
  const std::vector<int64_t> axes = reduced_axes(node);
  if (domain.empty() || axes.empty()) return false;
  const bool last_reduced = axes.back() == static_cast<int64_t>(domain.size()) - 1;
  return last_reduced || !domain.back().batched;
}

}  // namespace

BuiltKernel build_reduction(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  const Collapsed collapsed = collapse(kernel.body);
  const Graph& body = collapsed.body;
  Lowering lowering(body);
  std::vector<Reduction> reductions;
  for (const std::vector<ValueId>& stage : reduction_stages(body)) {
    const Vars kept = make_vars(body[stage[0]].type.shape, "k");
    const bool fast = options.level > 0 && is_regular(body, stage[0]);
    reductions.push_back(fast ? Reduction(lowering, stage, kept, target) : Reduction::plain(lowering, stage, kept));
  }
  std::vector<Func> outputs;
  for (size_t i = 0; i < body.outputs.size();) {
    const size_t first = i;
    const Shape& shape = body[body.outputs[i].value].type.shape;
    const Vars vars = make_vars(shape, "x");
    std::vector<Halide::Expr> values;
    for (; i < body.outputs.size() && body[body.outputs[i].value].type.shape == shape &&
           collapsed.output_shapes[i] == collapsed.output_shapes[first];
         ++i)
      values.push_back(lowering.at(body.outputs[i].value, as_index(vars)));
    const Result result = define_result(Func(numbered("result", outputs.size())), values, vars, shape,
                                        collapsed.output_shapes[first], collapsed.output_dims[first], lowering);
    outputs.push_back(result.func);
    if (options.level == 0 || vars.empty() || shape.back().batched) continue;
    // Exact tails: a result may be an operand updated in place.
    const int vector = static_cast<int>(std::min<int64_t>(target.lanes, shape.back().size));
    outputs.back().vectorize(vars.back(), vector,
                             shape.back().size % vector == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf);
  }
  for (Reduction& reduction : reductions) reduction.compute_root();
  BuiltKernel built;
  built.pipeline = Halide::Pipeline(outputs);
  built.arguments = lowering.arguments();
  built.schedule = options.level == 0 ? "plain loops" : std::to_string(reductions.size()) + " passes, sums in blocks";
  built.strict_float = true;
  return built;
}

}  // namespace kcc
