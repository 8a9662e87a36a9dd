#include "compiler/ops/conv.h"

#include <algorithm>

#include "compiler/ops/families.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

Attrs with_shape(Attrs attrs, const Shape& shape) {
  attrs.set("shape", shape);
  return attrs;
}

Attrs attributes(const Window& window, int64_t groups) {
  return {{"strides", window.strides},
          {"dilations", window.dilations},
          {"low", window.low},
          {"high", window.high},
          {"groups", groups}};
}

Type conv_type(const std::vector<Type>& operands, const Attrs& attrs) {
  KCC_CHECK(operands.size() == 2 && operands[0].rank() == operands[1].rank() && operands[0].rank() >= 3,
            "(B, spatial, C) twice");
  const Shape &x = operands[0].shape, &w = operands[1].shape;
  const size_t spatial = x.size() - 2;
  const auto &strides = attrs.integers("strides"), &dilations = attrs.integers("dilations");
  const auto &low = attrs.integers("low"), &high = attrs.integers("high");
  KCC_CHECK(strides.size() == spatial && dilations.size() == spatial && low.size() == spatial && high.size() == spatial,
            "one entry a spatial dimension");
  const int64_t groups = attrs.integer("groups");
  KCC_CHECK(w[spatial].size * groups == x.back().size && w.back().size % groups == 0, "channels that fit");
  Shape shape{x[0]};
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t extent = window_extent(x[i + 1].size, w[i].size, strides[i], dilations[i], low[i], high[i]);
    KCC_CHECK(extent > 0 && !x[i + 1].batched, "a window that fits");
    shape.push_back({extent, false});
  }
  shape.push_back(w.back());
  return {DType::kF32, shape};
}

Type declared_shape(const std::vector<Type>&, const Attrs& attrs) {
  return {DType::kF32, attrs.shape("shape")};
}

void grad_conv(GradContext& c) {
  const Attrs attrs = c.node().attrs;
  const ValueId x = c.operand(0), w = c.operand(1);
  if (c.needs(0)) c.add(0, c.b.node(OpKind::kConvInputGrad, {c.gradient, w}, with_shape(attrs, c.b.shape(x))));
  if (c.needs(1)) c.add(1, c.b.node(OpKind::kConvWeightGrad, {x, c.gradient}, with_shape(attrs, c.b.shape(w))));
}

Attrs without_shape(const Attrs& attrs) {
  Attrs rest;
  for (const auto& [key, value] : attrs.items())
    if (key != "shape") rest.set(key, value);
  return rest;
}

// conv_transpose is linear in both operands: back through it goes the convolution that it transposes.
void grad_input_grad(GradContext& c) {
  const Attrs attrs = without_shape(c.node().attrs);
  const ValueId y = c.operand(0), w = c.operand(1);
  if (c.needs(0)) c.add(0, c.b.node(OpKind::kConv, {c.gradient, w}, attrs));
  if (c.needs(1)) c.add(1, c.b.node(OpKind::kConvWeightGrad, {c.gradient, y}, with_shape(attrs, c.b.shape(w))));
}

double window_flops(const Shape& w) {
  double flops = 2;
  for (size_t i = 0; i + 1 < w.size(); ++i) flops *= static_cast<double>(w[i].size);
  return flops;
}

double conv_flops(const Graph& graph, const Node& node) {
  return window_flops(graph[node.inputs[1]].type.shape);
}

// The same products as forward, whatever the result: spread over the result's elements.
double forward_flops_over(const Shape& y, const Shape& w, const Shape& result) {
  return window_flops(w) * static_cast<double>(element_count(y).size) / static_cast<double>(element_count(result).size);
}
double input_grad_flops(const Graph& graph, const Node& node) {
  return forward_flops_over(graph[node.inputs[0]].type.shape, graph[node.inputs[1]].type.shape, node.type.shape);
}
double weight_grad_flops(const Graph& graph, const Node& node) {
  return forward_flops_over(graph[node.inputs[1]].type.shape, node.type.shape, node.type.shape);
}

}  // namespace

std::vector<OpInfo> conv_ops() {
  return {{OpKind::kConv, "conv", OpCategory::kProduct, conv_type, grad_conv, nullptr, conv_flops, false},
          {OpKind::kConvInputGrad, "conv_input_grad", OpCategory::kProduct, declared_shape, grad_input_grad, nullptr,
           input_grad_flops, false},
          {OpKind::kConvWeightGrad, "conv_weight_grad", OpCategory::kProduct, declared_shape, nullptr, nullptr,
           weight_grad_flops, false}};
}

void same_padding(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation, int64_t* low, int64_t* high) {
  const int64_t out = (extent + stride - 1) / stride;
  const int64_t total = std::max<int64_t>(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - extent);
  *low = total / 2;
  *high = total - *low;
}

int64_t window_extent(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation, int64_t low, int64_t high) {
  const int64_t room = extent + low + high - ((kernel - 1) * dilation + 1);
  return room < 0 ? 0 : room / stride + 1;
}

ValueId conv(Builder& b, ValueId x, ValueId w, const Window& window, int64_t groups) {
  return b.node(OpKind::kConv, {x, w}, attributes(window, groups));
}

ValueId conv_transpose(Builder& b, ValueId y, ValueId w, const Window& window, const Shape& shape) {
  return b.node(OpKind::kConvInputGrad, {y, w}, with_shape(attributes(window, 1), shape));
}

}  // namespace kcc
