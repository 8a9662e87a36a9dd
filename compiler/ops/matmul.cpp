#include "compiler/ops/matmul.h"

#include "compiler/ops/families.h"
#include "compiler/ops/panels.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

// Rows and columns of an operand as the product takes it.
struct Matrix {
  Dim rows, columns;
};
Matrix matrix_of(const Shape& shape, bool transposed) {
  const Dim first = shape[shape.size() - 2], second = shape.back();
  return transposed ? Matrix{second, first} : Matrix{first, second};
}

// panels.h
Type panels_type(const Shape& x, const Shape& panels) {
  KCC_CHECK(x[1] == panels[1], "panels as deep as the rows");
  return {DType::kF32, {x[0], Dim{panels[0].size * panels[2].size * panels[3].size, false}}};
}

Type matmul_type(const std::vector<Type>& operands, const Attrs& attrs) {
  if (operands.size() == 2 && operands[0].rank() == 2 && operands[1].rank() == 4)
    return panels_type(operands[0].shape, operands[1].shape);
  KCC_CHECK(operands.size() == 2 && operands[0].rank() >= 2 && operands[0].rank() == operands[1].rank(),
            "two matrices, or as many of each");
  Shape shape = operands[0].shape;
  const Matrix x = matrix_of(shape, attrs.integer("transpose_a") != 0);
  const Matrix y = matrix_of(operands[1].shape, attrs.integer("transpose_b") != 0);
  KCC_CHECK(x.columns == y.rows, "inner extents that agree");
  const size_t outer = shape.size() - 2;
  for (size_t i = 0; i < outer; ++i) KCC_CHECK(shape[i] == operands[1].shape[i], "as many matrices of each");
  shape[outer] = x.rows;
  shape[outer + 1] = y.columns;
  return {DType::kF32, shape};
}

// Z = X Y:  dX = G Y^T, dY = X^T G; for transposed operands the product is turned so that none is formed.
void grad_matmul(GradContext& c) {
  KCC_CHECK(!has_panels(c.b.graph, c.node()), "a product before its weights are packed");
  const bool tx = c.node().attrs.integer("transpose_a") != 0, ty = c.node().attrs.integer("transpose_b") != 0;
  const ValueId x = c.operand(0), y = c.operand(1), g = c.gradient;
  if (c.needs(0)) c.add(0, tx ? matmul(c.b, y, g, ty, true) : matmul(c.b, g, y, false, !ty));
  if (c.needs(1)) c.add(1, ty ? matmul(c.b, g, x, true, tx) : matmul(c.b, x, g, !tx, false));
}

double matmul_flops(const Graph& graph, const Node& node) {
  const Matrix x = matrix_of(graph[node.inputs[0]].type.shape, node.attrs.integer("transpose_a") != 0);
  return 2.0 * static_cast<double>(x.columns.size);
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
