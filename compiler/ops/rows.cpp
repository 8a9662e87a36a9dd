#include "compiler/ops/rows.h"

#include "compiler/ops/elementwise.h"
#include "compiler/ops/families.h"
#include "compiler/ops/reduce.h"

namespace kcc {
namespace {

Type same(const std::vector<Type>& operands, const Attrs&) {
  return operands.at(0);
}

// x - max(x) along the last axis, so that no exponential overflows.
ValueId shifted(Builder& b, ValueId x) {
  return sub(b, x, reduce_max(b, x, {-1}, true));
}

ValueId expand_softmax(Builder& b, const Node& node) {
  ValueId e = unary(b, OpKind::kExp, shifted(b, node.inputs[0]));
  return div(b, e, reduce_sum(b, e, {-1}, true));
}

ValueId expand_log_softmax(Builder& b, const Node& node) {
  ValueId z = shifted(b, node.inputs[0]);
  ValueId sum = reduce_sum(b, unary(b, OpKind::kExp, z), {-1}, true);
  return sub(b, z, unary(b, OpKind::kLog, sum));
}

struct Moments {
  ValueId centered;    // x - mean
  ValueId deviation1;  // 1 / sqrt(variance + epsilon), reduced axes kept as 1
};

Moments moments(Builder& b, ValueId x, const std::vector<int64_t>& axes, double epsilon) {
  ValueId centered = sub(b, x, mean(b, x, axes, true));
  ValueId variance = mean(b, square(b, centered), axes, true);
  return {centered, unary(b, OpKind::kRsqrt, add(b, variance, epsilon))};
}

ValueId expand_normalize(Builder& b, const Node& node) {
  const std::vector<int64_t> axes = node.attrs.integers("axes");
  Moments m = moments(b, node.inputs[0], axes, node.attrs.number("epsilon"));
  return mul(b, m.centered, m.deviation1);
}

// y = softmax(x): dx = y (g - sum(g y))
void grad_softmax(GradContext& c) {
  ValueId dot = reduce_sum(c.b, mul(c.b, c.gradient, c.value), {-1}, true);
  c.add(0, mul(c.b, c.value, sub(c.b, c.gradient, dot)));
}

// y = log softmax(x): dx = g - softmax(x) sum(g)
void grad_log_softmax(GradContext& c) {
  ValueId total = reduce_sum(c.b, c.gradient, {-1}, true);
  ValueId probabilities = softmax(c.b, c.operand(0));
  c.add(0, sub(c.b, c.gradient, mul(c.b, probabilities, total)));
}

// y = (x - mean) r: dx = r (g - mean(g) - y mean(g y)), Ioffe and Szegedy 2015
void grad_normalize(GradContext& c) {
  const std::vector<int64_t> axes = c.node().attrs.integers("axes");
  Moments m = moments(c.b, c.operand(0), axes, c.node().attrs.number("epsilon"));
  ValueId mean_g = mean(c.b, c.gradient, axes, true);
  ValueId mean_gy = mean(c.b, mul(c.b, c.gradient, c.value), axes, true);
  ValueId inner = sub(c.b, sub(c.b, c.gradient, mean_g), mul(c.b, c.value, mean_gy));
  c.add(0, mul(c.b, m.deviation1, inner));
}

OpInfo composite(OpKind kind, const char* name, void (*gradient)(GradContext&),
                 ValueId (*decompose)(Builder&, const Node&)) {
  return {kind, name, OpCategory::kComposite, same, gradient, decompose, nullptr, false};
}

}  // namespace

std::vector<OpInfo> row_ops() {
  return {composite(OpKind::kSoftmax, "softmax", grad_softmax, expand_softmax),
          composite(OpKind::kLogSoftmax, "log_softmax", grad_log_softmax, expand_log_softmax),
          composite(OpKind::kNormalize, "normalize", grad_normalize, expand_normalize)};
}

ValueId softmax(Builder& b, ValueId x) {
  return b.node(OpKind::kSoftmax, {x});
}
ValueId log_softmax(Builder& b, ValueId x) {
  return b.node(OpKind::kLogSoftmax, {x});
}

ValueId normalize(Builder& b, ValueId x, const std::vector<int64_t>& axes, double epsilon) {
  return b.node(OpKind::kNormalize, {x}, {{"axes", axes}, {"epsilon", epsilon}});
}

}  // namespace kcc
