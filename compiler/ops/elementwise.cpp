#include "compiler/ops/elementwise.h"

#include <algorithm>

#include "compiler/ops/families.h"
#include "compiler/ops/shape.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

bool is_float(const Type& type) {
  return type.dtype == DType::kF32;
}

// ---- shape rules

Type same(const std::vector<Type>& operands, const Attrs&) {
  KCC_CHECK(operands.size() == 1, "one operand");
  return operands[0];
}

Type equal_operands(const std::vector<Type>& operands, const Attrs&) {
  KCC_CHECK(operands.size() == 2 && operands[0] == operands[1], "operands of equal type");
  return operands[0];
}

Type comparison(const std::vector<Type>& operands, const Attrs& attrs) {
  return {DType::kBool, equal_operands(operands, attrs).shape};
}

Type is_nan_type(const std::vector<Type>& operands, const Attrs& attrs) {
  return {DType::kBool, same(operands, attrs).shape};
}

Type select_type(const std::vector<Type>& operands, const Attrs&) {
  KCC_CHECK(operands.size() == 3 && operands[0].dtype == DType::kBool && operands[1] == operands[2] &&
                operands[0].shape == operands[1].shape,
            "a condition and two operands of equal type");
  return operands[1];
}

Type cast_type(const std::vector<Type>& operands, const Attrs& attrs) {
  DType dtype;
  KCC_CHECK(operands.size() == 1 && dtype_from_name(attrs.text("dtype"), &dtype), "no such dtype");
  return {dtype, operands[0].shape};
}

// ---- gradient rules: y is the node's value, g its gradient

ValueId x0(GradContext& c) {
  return c.operand(0);
}
ValueId x1(GradContext& c) {
  return c.operand(1);
}

void grad_neg(GradContext& c) {
  c.add(0, neg(c.b, c.gradient));
}
void grad_abs(GradContext& c) {
  c.add(0, mul(c.b, c.gradient, unary(c.b, OpKind::kSign, x0(c))));
}
void grad_exp(GradContext& c) {
  c.add(0, mul(c.b, c.gradient, c.value));
}
void grad_expm1(GradContext& c) {
  c.add(0, mul(c.b, c.gradient, add(c.b, c.value, 1.0)));
}
void grad_log(GradContext& c) {
  c.add(0, div(c.b, c.gradient, x0(c)));
}
void grad_log1p(GradContext& c) {
  c.add(0, div(c.b, c.gradient, add(c.b, x0(c), 1.0)));
}
void grad_sqrt(GradContext& c) {
  c.add(0, div(c.b, mul(c.b, c.gradient, 0.5), c.value));
}
// (x^-1/2)' = -1/2 x^-3/2 = -1/2 y / x
void grad_rsqrt(GradContext& c) {
  c.add(0, mul(c.b, mul(c.b, c.gradient, -0.5), div(c.b, c.value, x0(c))));
}
void grad_tanh(GradContext& c) {
  c.add(0, mul(c.b, c.gradient, sub(c.b, 1.0, square(c.b, c.value))));
}
void grad_sigmoid(GradContext& c) {
  c.add(0, mul(c.b, c.gradient, mul(c.b, c.value, sub(c.b, 1.0, c.value))));
}
// 2/sqrt(pi) exp(-x^2)
void grad_erf(GradContext& c) {
  ValueId slope = mul(c.b, unary(c.b, OpKind::kExp, neg(c.b, square(c.b, x0(c)))), 1.1283791670955126);
  c.add(0, mul(c.b, c.gradient, slope));
}
void grad_sin(GradContext& c) {
  c.add(0, mul(c.b, c.gradient, unary(c.b, OpKind::kCos, x0(c))));
}
void grad_cos(GradContext& c) {
  c.add(0, neg(c.b, mul(c.b, c.gradient, unary(c.b, OpKind::kSin, x0(c)))));
}
void grad_cast(GradContext& c) {
  if (is_float(c.b.type(x0(c))) && is_float(c.b.type(c.value))) c.add(0, c.gradient);
}

void grad_add(GradContext& c) {
  c.add(0, c.gradient);
  c.add(1, c.gradient);
}
void grad_sub(GradContext& c) {
  c.add(0, c.gradient);
  if (c.needs(1)) c.add(1, neg(c.b, c.gradient));
}
void grad_mul(GradContext& c) {
  if (c.needs(0)) c.add(0, mul(c.b, c.gradient, x1(c)));
  if (c.needs(1)) c.add(1, mul(c.b, c.gradient, x0(c)));
}
void grad_div(GradContext& c) {
  if (c.needs(0)) c.add(0, div(c.b, c.gradient, x1(c)));
  if (c.needs(1)) c.add(1, neg(c.b, div(c.b, mul(c.b, c.gradient, c.value), x1(c))));
}
// d/dx x^y = y x^(y-1); d/dy = x^y log x, 0 where x <= 0, as TensorFlow has it
void grad_pow(GradContext& c) {
  if (c.needs(0)) {
    ValueId slope = mul(c.b, x1(c), binary(c.b, OpKind::kPow, x0(c), sub(c.b, x1(c), 1.0)));
    c.add(0, mul(c.b, c.gradient, slope));
  }
  if (c.needs(1)) {
    ValueId positive = greater(c.b, x0(c), 0.0);
    ValueId safe = select(c.b, positive, x0(c), constant(c.b, 1.0));
    c.add(1, mul(c.b, c.gradient, mul(c.b, c.value, unary(c.b, OpKind::kLog, safe))));
  }
}

// The gradient where `condition` holds, else zero.
ValueId where(GradContext& c, ValueId condition) {
  return select(c.b, condition, c.gradient, constant(c.b, 0.0));
}

// At a tie each operand takes half, as Keras's maximum and minimum on JAX and torch.
void grad_extremum(GradContext& c) {
  ValueId tie = binary(c.b, OpKind::kEq, x0(c), x1(c));
  for (int i = 0; i < 2; ++i) {
    if (!c.needs(i)) continue;
    ValueId wins = binary(c.b, OpKind::kEq, c.operand(i), c.value);
    c.add(i, select(c.b, tie, mul(c.b, c.gradient, 0.5), where(c, wins)));
  }
}

// y > 0 exactly where x > 0, so that x need not be kept.
void grad_relu(GradContext& c) {
  ValueId flat = binary(c.b, OpKind::kLe, c.value, constant(c.b, 0.0));
  c.add(0, select(c.b, flat, constant(c.b, 0.0), c.gradient));
}

void grad_select(GradContext& c) {
  if (c.needs(1)) c.add(1, where(c, x0(c)));
  if (c.needs(2)) c.add(2, select(c.b, x0(c), constant(c.b, 0.0), c.gradient));
}

ValueId without_mark(Builder&, const Node& node) {
  return node.inputs[0];
}

double one_flop(const Graph&, const Node&) {
  return 1;
}
double many_flops(const Graph&, const Node&) {
  return 15;
}

OpInfo simple(OpKind kind, const char* name, void (*gradient)(GradContext&)) {
  return {kind, name, OpCategory::kElementwise, same, gradient, nullptr, one_flop};
}
// Costs so much that storing the result beats computing it again.
OpInfo dear(OpKind kind, const char* name, void (*gradient)(GradContext&)) {
  return {kind, name, OpCategory::kElementwise, same, gradient, nullptr, many_flops, false};
}
OpInfo pair(OpKind kind, const char* name, void (*gradient)(GradContext&)) {
  return {kind, name, OpCategory::kElementwise, equal_operands, gradient, nullptr, one_flop};
}
OpInfo compare(OpKind kind, const char* name) {
  return {kind, name, OpCategory::kElementwise, comparison, nullptr, nullptr, one_flop};
}

// NumPy's rule: aligned at the right, extents of 1 stretch.
Shape common_shape(const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()));
  for (size_t i = 0; i < shape.size(); ++i) {
    const Dim da = i < a.size() ? a[a.size() - 1 - i] : Dim{};
    const Dim db = i < b.size() ? b[b.size() - 1 - i] : Dim{};
    KCC_CHECK(da == db || da.is_one() || db.is_one(), "shapes that do not broadcast");
    shape[shape.size() - 1 - i] = da.is_one() ? db : da;
  }
  return shape;
}

}  // namespace

std::vector<OpInfo> elementwise_ops() {
  return {
      simple(OpKind::kNeg, "neg", grad_neg),
      simple(OpKind::kAbs, "abs", grad_abs),
      simple(OpKind::kSign, "sign", nullptr),
      dear(OpKind::kExp, "exp", grad_exp),
      dear(OpKind::kExpm1, "expm1", grad_expm1),
      dear(OpKind::kLog, "log", grad_log),
      dear(OpKind::kLog1p, "log1p", grad_log1p),
      simple(OpKind::kSqrt, "sqrt", grad_sqrt),
      simple(OpKind::kRsqrt, "rsqrt", grad_rsqrt),
      dear(OpKind::kTanh, "tanh", grad_tanh),
      dear(OpKind::kSigmoid, "sigmoid", grad_sigmoid),
      dear(OpKind::kErf, "erf", grad_erf),
      dear(OpKind::kSin, "sin", grad_sin),
      dear(OpKind::kCos, "cos", grad_cos),
      simple(OpKind::kRelu, "relu", grad_relu),
      simple(OpKind::kFloor, "floor", nullptr),
      simple(OpKind::kRound, "round", nullptr),
      simple(OpKind::kNot, "not", nullptr),
      {OpKind::kIsNan, "is_nan", OpCategory::kElementwise, is_nan_type, nullptr, nullptr, one_flop},
      {OpKind::kCast, "cast", OpCategory::kElementwise, cast_type, grad_cast, nullptr, one_flop},
      pair(OpKind::kAdd, "add", grad_add),
      pair(OpKind::kSub, "sub", grad_sub),
      pair(OpKind::kMul, "mul", grad_mul),
      pair(OpKind::kDiv, "div", grad_div),
      {OpKind::kPow, "pow", OpCategory::kElementwise, equal_operands, grad_pow, nullptr, many_flops, false},
      pair(OpKind::kMax, "max", grad_extremum),
      pair(OpKind::kMin, "min", grad_extremum),
      compare(OpKind::kEq, "eq"),
      compare(OpKind::kNe, "ne"),
      compare(OpKind::kLt, "lt"),
      compare(OpKind::kLe, "le"),
      compare(OpKind::kGt, "gt"),
      compare(OpKind::kGe, "ge"),
      pair(OpKind::kAnd, "and", nullptr),
      pair(OpKind::kOr, "or", nullptr),
      {OpKind::kStopGradient, "stop_gradient", OpCategory::kComposite, same, nullptr, without_mark},
      {OpKind::kSelect, "select", OpCategory::kElementwise, select_type, grad_select, nullptr, one_flop},
  };
}

ValueId constant(Builder& b, double value, DType dtype) {
  return b.node(OpKind::kConstant, {}, {{"value", value}, {"dtype", std::string(name_of(dtype))}});
}

ValueId cast(Builder& b, ValueId x, DType dtype) {
  if (b.type(x).dtype == dtype) return x;
  return b.node(OpKind::kCast, {x}, {{"dtype", std::string(name_of(dtype))}});
}

ValueId unary(Builder& b, OpKind op, ValueId x) {
  return b.node(op, {x});
}

ValueId binary(Builder& b, OpKind op, ValueId x, ValueId y) {
  Shape shape = common_shape(b.shape(x), b.shape(y));
  ValueId left = broadcast_to(b, x, shape);
  return b.node(op, {left, broadcast_to(b, y, shape)});
}

ValueId select(Builder& b, ValueId condition, ValueId x, ValueId y) {
  Shape shape = common_shape(b.shape(condition), common_shape(b.shape(x), b.shape(y)));
  ValueId when = broadcast_to(b, condition, shape);
  ValueId left = broadcast_to(b, x, shape);
  return b.node(OpKind::kSelect, {when, left, broadcast_to(b, y, shape)});
}

ValueId add(Builder& b, ValueId x, ValueId y) {
  return binary(b, OpKind::kAdd, x, y);
}
ValueId sub(Builder& b, ValueId x, ValueId y) {
  return binary(b, OpKind::kSub, x, y);
}
ValueId mul(Builder& b, ValueId x, ValueId y) {
  return binary(b, OpKind::kMul, x, y);
}
ValueId div(Builder& b, ValueId x, ValueId y) {
  return binary(b, OpKind::kDiv, x, y);
}
ValueId add(Builder& b, ValueId x, double y) {
  return add(b, x, constant(b, y));
}
ValueId sub(Builder& b, ValueId x, double y) {
  return sub(b, x, constant(b, y));
}
ValueId sub(Builder& b, double x, ValueId y) {
  return sub(b, constant(b, x), y);
}
ValueId mul(Builder& b, ValueId x, double y) {
  return mul(b, x, constant(b, y));
}
ValueId div(Builder& b, ValueId x, double y) {
  return div(b, x, constant(b, y));
}
ValueId div(Builder& b, double x, ValueId y) {
  return div(b, constant(b, x), y);
}
ValueId neg(Builder& b, ValueId x) {
  return unary(b, OpKind::kNeg, x);
}
ValueId square(Builder& b, ValueId x) {
  return mul(b, x, x);
}
ValueId greater(Builder& b, ValueId x, double y) {
  return binary(b, OpKind::kGt, x, constant(b, y));
}
ValueId less(Builder& b, ValueId x, double y) {
  return binary(b, OpKind::kLt, x, constant(b, y));
}

ValueId relu(Builder& b, ValueId x) {
  return unary(b, OpKind::kRelu, x);
}

ValueId stop_gradient(Builder& b, ValueId x) {
  return unary(b, OpKind::kStopGradient, x);
}

ValueId clip(Builder& b, ValueId x, double low, double high) {
  ValueId raised = select(b, less(b, x, low), constant(b, low), x);
  return select(b, greater(b, raised, high), constant(b, high), raised);
}

}  // namespace kcc
