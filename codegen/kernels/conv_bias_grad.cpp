#include <algorithm>

#include "codegen/kernels/collapse.h"
#include "codegen/kernels/conv.h"
#include "codegen/kernels/schedule.h"

namespace kcc {

ValueId find_bias_sum(const Graph& body, ValueId anchor) {
  for (ValueId v = 0; v < body.size(); ++v)
    if (body[v].op == OpKind::kReduceSum && body[v].inputs[0] == body[anchor].inputs[1]) return v;
  return -1;
}

// Neighbouring results of one shape are one Func.
std::vector<Result> define_gradient_results(Lowering& lowering, const Vars& dims, const Halide::Var& channel) {
  const Graph& body = lowering.body();
  std::vector<Result> results;
  for (size_t i = 0; i < body.outputs.size();) {
    const Shape& shape = body[body.outputs[i].value].type.shape;
    const Vars vars = shape.size() == 1 ? Vars{channel} : dims;
    std::vector<Halide::Expr> values;
    for (; i < body.outputs.size() && body[body.outputs[i].value].type.shape == shape; ++i)
      values.push_back(lowering.at(body.outputs[i].value, as_index(vars)));
    results.push_back(
        define_result(Halide::Func(numbered("result", results.size())), strict(values), vars, shape, lowering));
  }
  return results;
}

}  // namespace kcc
