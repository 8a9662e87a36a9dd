#include "compiler/ops/pool.h"

#include "compiler/ops/families.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

Type pool_type(const std::vector<Type>& operands, const Attrs& attrs) {
  KCC_CHECK(operands.size() == 1 && operands[0].rank() >= 3, "(B, spatial, C)");
  Shape shape = operands[0].shape;
  const auto &size = attrs.integers("window"), &strides = attrs.integers("strides");
  const auto &low = attrs.integers("low"), &high = attrs.integers("high");
  KCC_CHECK(size.size() == shape.size() - 2, "one entry a spatial dimension");
  for (size_t i = 0; i < size.size(); ++i) {
    shape[i + 1].size = window_extent(shape[i + 1].size, size[i], strides.at(i), 1, low.at(i), high.at(i));
    KCC_CHECK(shape[i + 1].size > 0, "a window that fits");
  }
  return {DType::kF32, shape};
}

Type first_operand(const std::vector<Type>& operands, const Attrs&) {
  return operands.at(0);
}
Type declared_shape(const std::vector<Type>&, const Attrs& attrs) {
  return {DType::kF32, attrs.shape("shape")};
}

void grad_max_pool(GradContext& c) {
  const Attrs attrs = c.node().attrs;
  c.add(0, c.b.node(OpKind::kMaxPoolGrad, {c.operand(0), c.value, c.gradient}, attrs));
}

void grad_avg_pool(GradContext& c) {
  Attrs attrs = c.node().attrs;
  attrs.set("shape", c.b.shape(c.operand(0)));
  c.add(0, c.b.node(OpKind::kAvgPoolGrad, {c.gradient}, attrs));
}

double window_flops(const Graph&, const Node& node) {
  double flops = 1;
  for (int64_t size : node.attrs.integers("window")) flops *= static_cast<double>(size);
  return flops;
}

Attrs attributes(const std::vector<int64_t>& size, const Window& window) {
  return {{"window", size}, {"strides", window.strides}, {"low", window.low}, {"high", window.high}};
}

}  // namespace

std::vector<OpInfo> pool_ops() {
  return {
      {OpKind::kMaxPool, "max_pool", OpCategory::kPool, pool_type, grad_max_pool, nullptr, window_flops, false},
      {OpKind::kMaxPoolGrad, "max_pool_grad", OpCategory::kPool, first_operand, nullptr, nullptr, window_flops, false},
      {OpKind::kAvgPool, "avg_pool", OpCategory::kPool, pool_type, grad_avg_pool, nullptr, window_flops, false},
      {OpKind::kAvgPoolGrad, "avg_pool_grad", OpCategory::kPool, declared_shape, nullptr, nullptr, window_flops,
       false}};
}

ValueId max_pool(Builder& b, ValueId x, const std::vector<int64_t>& size, const Window& window) {
  return b.node(OpKind::kMaxPool, {x}, attributes(size, window));
}

ValueId avg_pool(Builder& b, ValueId x, const std::vector<int64_t>& size, const Window& window) {
  return b.node(OpKind::kAvgPool, {x}, attributes(size, window));
}

}  // namespace kcc
