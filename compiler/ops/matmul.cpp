#include "compiler/ops/matmul.h"

#include "compiler/ops/families.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

Type matmul_type(const std::vector<Type>& operands, const Attrs& attrs) {
  KCC_CHECK(operands.size() == 2 && operands[0].rank() == 2 && operands[1].rank() == 2, "two matrices");
  const bool tx = attrs.integer("transpose_a") != 0, ty = attrs.integer("transpose_b") != 0;
  const Dim m = operands[0].shape[tx ? 1 : 0], kx = operands[0].shape[tx ? 0 : 1];
  const Dim ky = operands[1].shape[ty ? 1 : 0], n = operands[1].shape[ty ? 0 : 1];
  KCC_CHECK(kx == ky, "inner extents that agree");
  return {DType::kF32, {m, n}};
}

// Z = X Y:  dX = G Y^T, dY = X^T G; for transposed operands the product is turned so that none is formed.
void grad_matmul(GradContext& c) {
  const bool tx = c.node().attrs.integer("transpose_a") != 0, ty = c.node().attrs.integer("transpose_b") != 0;
  const ValueId x = c.operand(0), y = c.operand(1), g = c.gradient;
  if (c.needs(0)) c.add(0, tx ? matmul(c.b, y, g, ty, true) : matmul(c.b, g, y, false, !ty));
  if (c.needs(1)) c.add(1, ty ? matmul(c.b, g, x, true, tx) : matmul(c.b, x, g, !tx, false));
}

double matmul_flops(const Graph& graph, const Node& node) {
  const bool tx = node.attrs.integer("transpose_a") != 0;
  return 2.0 * static_cast<double>(graph[node.inputs[0]].type.shape[tx ? 0 : 1].size);
}

}  // namespace

std::vector<OpInfo> matmul_ops() {
  return {{OpKind::kMatMul, "matmul", OpCategory::kProduct, matmul_type, grad_matmul, nullptr, matmul_flops, false}};
}

ValueId matmul(Builder& b, ValueId x, ValueId y, bool transpose_x, bool transpose_y) {
  return b.node(OpKind::kMatMul, {x, y},
                {{"transpose_a", int64_t{transpose_x}}, {"transpose_b", int64_t{transpose_y}}});
}

}  // namespace kcc
