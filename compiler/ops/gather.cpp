#include "compiler/ops/gather.h"

#include "compiler/ops/families.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

Shape rows_shape(const Type& indices, const Shape& table) {
  KCC_CHECK(indices.dtype == DType::kI32, "integer indices");
  KCC_CHECK(!table.empty() && !element_count(table).batched && table[0].size > 0, "a table of fixed size");
  Shape shape = indices.shape;
  shape.insert(shape.end(), table.begin() + 1, table.end());
  return shape;
}

Type gather_type(const std::vector<Type>& operands, const Attrs&) {
  KCC_CHECK(operands.size() == 2, "a table and indices");
  return {operands[0].dtype, rows_shape(operands[1], operands[0].shape)};
}

Type scatter_add_type(const std::vector<Type>& operands, const Attrs& attrs) {
  KCC_CHECK(operands.size() == 2 && operands[1].shape == rows_shape(operands[0], attrs.shape("shape")),
            "a row for each index");
  return {operands[1].dtype, attrs.shape("shape")};
}

void grad_gather(GradContext& c) {
  if (c.needs(0)) c.add(0, scatter_add(c.b, c.operand(1), c.gradient, c.b.shape(c.operand(0))));
}

void grad_scatter_add(GradContext& c) {
  if (c.needs(1)) c.add(1, gather(c.b, c.gradient, c.operand(0)));
}

}  // namespace

std::vector<OpInfo> gather_ops() {
  return {{OpKind::kGather, "gather", OpCategory::kMovement, gather_type, grad_gather},
          {OpKind::kScatterAdd, "scatter_add", OpCategory::kScatter, scatter_add_type, grad_scatter_add, nullptr,
           nullptr, false}};
}

ValueId gather(Builder& b, ValueId table, ValueId indices) {
  return b.node(OpKind::kGather, {table, indices});
}

ValueId scatter_add(Builder& b, ValueId indices, ValueId rows, const Shape& shape) {
  return b.node(OpKind::kScatterAdd, {indices, rows}, {{"shape", shape}});
}

}  // namespace kcc
