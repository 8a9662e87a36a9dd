// Scatter: rows added up by index, out[index[i]] += rows[i] for i in order. Tasks share the columns of a row, never the
// rows, so that each element's sum has one order whatever the number of threads.
#include <algorithm>

#include "codegen/kernels/family.h"
#include "codegen/kernels/schedule.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

// Columns of a task: a page of the table's rows.
constexpr int64_t kTaskColumns = 256;

Dim product(const Shape& shape, size_t first, size_t last) {
  return element_count(Shape(shape.begin() + static_cast<int64_t>(first), shape.begin() + static_cast<int64_t>(last)));
}

// The body with one dimension of indices and one of columns: (N), (N, D) -> (V, D).
struct Scatter {
  Dim count;                   // N
  int64_t table = 0, row = 0;  // V, D
};

// Index of element `flat` of `shape`, row-major, where only the first dimension may grow with the batch.
Index unflattened(Expr flat, const Shape& shape, const Lowering& lowering) {
  Index index(shape.size(), Expr(0));
  for (size_t d = shape.size(); d-- > 0;) {
    index[d] = d == 0 ? flat : flat % lowering.extent(shape[d]);
    flat = flat / lowering.extent(shape[d]);
  }
  return index;
}

}  // namespace

BuiltKernel build_scatter(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  const Graph& body = kernel.body;
  const Node& node = body[kernel.anchor];
  KCC_CHECK(node.op == OpKind::kScatterAdd && body.outputs.size() == 1 && body.outputs[0].value == kernel.anchor,
            "a scatter alone");
  const Shape &indices = body[node.inputs[0]].type.shape, &rows = body[node.inputs[1]].type.shape;
  const Shape& out = node.type.shape;
  Lowering lowering(body);
  const Scatter size{element_count(indices), out[0].size, product(out, 1, out.size()).size};

  const Vars vars = make_vars(out);
  Result result = define_result(Func("result"), {Expr(0.0f)}, vars, out, lowering);
  Func sum = result.func;
  BuiltKernel built;
  built.schedule = "plain loops";
  RDom r(0, lowering.extent(size.count), "row");
  const Index where = unflattened(r.x, indices, lowering);
  Index left{Halide::clamp(lowering.at(node.inputs[0], where), 0, static_cast<int32_t>(size.table - 1))};
  Index right = where;
  for (size_t d = 1; d < vars.size(); ++d) left.push_back(vars[d]), right.push_back(vars[d]);
  KCC_CHECK(right.size() == rows.size(), "rows");
  sum(reversed(left)) += lowering.at(node.inputs[1], right);
  if (options.level > 0 && out.size() > 1) {
    const Var& column = vars.back();
    const int64_t extent = out.back().size;
    const int lanes = static_cast<int>(std::min<int64_t>(target.lanes, extent));
    const TailStrategy tail = extent % lanes == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf;
    sum.vectorize(column, lanes, tail).parallel(vars[0], 64, TailStrategy::GuardWithIf);
    Var inner("inner"), lane("lane");
    const int task = static_cast<int>(std::max<int64_t>(lanes, kTaskColumns / lanes * lanes));
    Halide::Stage update = sum.update();
    std::vector<Halide::VarOrRVar> order;
    update.split(column, column, inner, task, TailStrategy::GuardWithIf);
    update.split(inner, inner, lane, lanes, tail).vectorize(lane);
    order = {lane, inner};
    for (size_t d = vars.size() - 1; d-- > 1;) order.push_back(vars[d]);
    order.push_back(r.x);
    order.push_back(column);
    update.reorder(order);
    if (extent > task) update.parallel(column);
    built.schedule = "rows in order, vectors of " + std::to_string(lanes);
  }
  built.pipeline = Halide::Pipeline(sum);
  built.arguments = lowering.arguments();
  built.strict_float = true;
  return built;
}

}  // namespace kcc
