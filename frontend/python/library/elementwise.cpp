// Functions of each element: exp, maximum, where, comparisons.
#include "compiler/ops/elementwise.h"

#include <cmath>

#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/python/library.h"
#include "frontend/python/operators.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

using OfTensor = ValueId (*)(Builder&, ValueId);
using OfNumber = double (*)(double);

template <OpKind op>
ValueId plain(Builder& b, ValueId x) {
  return unary(b, op, x);
}

// Numbers give numbers: np.sqrt(2), K.log(10.).
template <OfTensor of_tensor, OfNumber of_number>
Result of_float(Call& a) {
  if (a[0].is_number()) {
    const double result = of_number(a[0].number());
    if (std::isnan(result)) return a.fail("has no value for this number");
    return result;
  }
  const auto x = a.floats(0);
  return x ? Result(Tensor{of_tensor(a.b, *x)}) : std::nullopt;
}

// Whole numbers stay whole.
template <OfTensor of_tensor, OfNumber of_number>
Result of_any(Call& a) {
  const int64_t* integer = a[0].get<int64_t>();
  if (integer && *integer != INT64_MIN) return static_cast<int64_t>(of_number(static_cast<double>(*integer)));
  if (a[0].is_number()) return of_number(a[0].number());
  const auto x = a.tensor(0);
  if (!x) return std::nullopt;
  const ValueId typed = a.b.type(*x).dtype == DType::kBool ? cast(a.b, *x, DType::kI32) : *x;
  return Tensor{of_tensor(a.b, typed)};
}

ValueId ceil_of(Builder& b, ValueId x) {
  return neg(b, unary(b, OpKind::kFloor, neg(b, x)));
}
ValueId reciprocal(Builder& b, ValueId x) {
  return div(b, 1.0, x);
}
ValueId log_base_2(Builder& b, ValueId x) {
  return div(b, unary(b, OpKind::kLog, x), std::log(2.0));
}
ValueId log_base_10(Builder& b, ValueId x) {
  return div(b, unary(b, OpKind::kLog, x), std::log(10.0));
}
ValueId hyperbolic_sine(Builder& b, ValueId x) {
  return mul(b, sub(b, unary(b, OpKind::kExp, x), unary(b, OpKind::kExp, neg(b, x))), 0.5);
}
ValueId hyperbolic_cosine(Builder& b, ValueId x) {
  return mul(b, add(b, unary(b, OpKind::kExp, x), unary(b, OpKind::kExp, neg(b, x))), 0.5);
}
ValueId tangent(Builder& b, ValueId x) {
  return div(b, unary(b, OpKind::kSin, x), unary(b, OpKind::kCos, x));
}

double sign_of(double x) {
  return (x > 0) - (x < 0);
}
double square_of(double x) {
  return x * x;
}
double inverse(double x) {
  return 1 / x;
}
double negative_of(double x) {
  return -x;
}
double inverse_root(double x) {
  return 1 / std::sqrt(x);
}

// ---- of two operands

Result extremum(Call& a, OpKind op) {
  const auto operands = promote(a.c, a.mark, a[0], a[1]);
  return operands ? Result(Tensor{binary(a.b, op, operands->x, operands->y)}) : std::nullopt;
}
Result maximum(Call& a) {
  return extremum(a, OpKind::kMax);
}
Result minimum(Call& a) {
  return extremum(a, OpKind::kMin);
}

constexpr char kPlus[] = "+", kMinus[] = "-", kTimes[] = "*", kOver[] = "/", kWholeOver[] = "//", kRest[] = "%",
               kPower[] = "**", kAnd[] = "&", kOr[] = "|", kXor[] = "^", kSame[] = "==", kOther[] = "!=", kLess[] = "<",
               kAtMost[] = "<=", kMore[] = ">", kAtLeast[] = ">=";

template <const char* op>
Result operation(Call& a) {
  return binary_operator(a.c, a.mark, op, a[0], a[1]);
}
template <const char* op>
Result comparison(Call& a) {
  return compare(a.c, a.mark, op, a[0], a[1]);
}

Result divide_no_nan(Call& a) {
  const auto x = a.floats(0), y = a.floats(1);
  if (!x || !y || !broadcast_shapes(a.c, a.mark, {a.b.shape(*x), a.b.shape(*y)})) return std::nullopt;
  const ValueId is_zero = binary(a.b, OpKind::kEq, *y, constant(a.b, 0.0));
  const ValueId safe = select(a.b, is_zero, constant(a.b, 1.0), *y);
  return Tensor{select(a.b, is_zero, constant(a.b, 0.0), div(a.b, *x, safe))};
}

Result squared_difference(Call& a) {
  const Result difference = operation<kMinus>(a);
  return difference ? binary_operator(a.c, a.mark, "**", *difference, int64_t{2}) : std::nullopt;
}

// Tensors of any dtype as conditions.
std::optional<ValueId> condition(Call& a, size_t i) {
  const auto x = a.tensor(i);
  return x ? std::optional(cast(a.b, *x, DType::kBool)) : std::nullopt;
}

template <OpKind op>
Result logical(Call& a) {
  const auto x = condition(a, 0), y = condition(a, 1);
  if (!x || !y || !broadcast_shapes(a.c, a.mark, {a.b.shape(*x), a.b.shape(*y)})) return std::nullopt;
  return Tensor{binary(a.b, op, *x, *y)};
}
Result logical_not(Call& a) {
  const auto x = condition(a, 0);
  return x ? Result(Tensor{unary(a.b, OpKind::kNot, *x)}) : std::nullopt;
}

// ---- choices

Result choose(Call& a, ValueId when, const Value& then, const Value& otherwise) {
  const auto operands = promote(a.c, a.mark, then, otherwise);
  if (!operands) return std::nullopt;
  const auto& [x, y] = *operands;
  if (!broadcast_shapes(a.c, a.mark, {a.b.shape(when), a.b.shape(x), a.b.shape(y)})) return std::nullopt;
  return Tensor{select(a.b, when, x, y)};
}

Result where(Call& a) {
  if (a.none(1) || a.none(2)) return a.fail("positions where a condition holds are not supported", "give x1 and x2");
  const auto when = condition(a, 0);
  return when ? choose(a, *when, a[1], a[2]) : std::nullopt;
}

// The branches may be functions; the condition's dimensions are the branches' first ones.
Result switch_between(Call& a) {
  Value branches[2] = {a[1], a[2]};
  for (Value& branch : branches) {
    if (!branch.is_callable()) continue;
    const Result result = a.c.call(a.mark, branch, {});
    if (!result) return std::nullopt;
    branch = *result;
  }
  if (a[0].is_number()) return branches[a[0].number() != 0 ? 0 : 1];
  auto when = condition(a, 0);
  if (!when) return std::nullopt;
  const Tensor* then = branches[0].get<Tensor>();
  while (then && !a.b.shape(*when).empty() && a.b.shape(*when).size() < a.b.shape(then->id).size())
    when = insert_axis(a.b, *when, a.b.shape(*when).size());
  return choose(a, *when, branches[0], branches[1]);
}

Result clip_values(Call& a) {
  const Value lower = a.none(1) ? Value(-std::numeric_limits<double>::infinity()) : a[1];
  const Value upper = a.none(2) ? Value(std::numeric_limits<double>::infinity()) : a[2];
  const auto x = a.tensor(0);
  if (!x) return std::nullopt;
  if (lower.is_number() && upper.is_number() && a.b.type(*x).dtype == DType::kF32)
    return Tensor{clip(a.b, *x, lower.number(), upper.number())};
  const auto raised = promote(a.c, a.mark, Tensor{*x}, lower);
  if (!raised) return std::nullopt;
  const ValueId above = binary(a.b, OpKind::kMax, raised->x, raised->y);
  const auto lowered = promote(a.c, a.mark, Tensor{above}, upper);
  return lowered ? Result(Tensor{binary(a.b, OpKind::kMin, lowered->x, lowered->y)}) : std::nullopt;
}

// ---- NaN and infinity

Result is_nan(Call& a) {
  const auto x = a.floats(0);
  return x ? Result(Tensor{unary(a.b, OpKind::kIsNan, *x)}) : std::nullopt;
}
Result is_infinite(Call& a) {
  const auto x = a.floats(0);
  if (!x) return std::nullopt;
  const ValueId size = unary(a.b, OpKind::kAbs, *x);
  return Tensor{greater(a.b, size, 3.4028234663852886e38)};
}
Result is_finite(Call& a) {
  const auto x = a.floats(0);
  if (!x) return std::nullopt;
  return Tensor{at_most(a.b, unary(a.b, OpKind::kAbs, *x), 3.4028234663852886e38)};
}

Result identity(Call& a) {
  const auto x = a.tensor(0);
  return x ? Result(Tensor{*x}) : std::nullopt;
}

Result stop(Call& a) {
  const auto x = a.tensor(0);
  return x ? Result(Tensor{stop_gradient(a.b, *x)}) : std::nullopt;
}

Result cast_to(Call& a) {
  const auto dtype = a.dtype(1, DType::kF32);
  const auto x = dtype ? a.tensor(0) : std::nullopt;
  return x ? Result(Tensor{cast(a.b, *x, *dtype)}) : std::nullopt;
}
Result cast_to_float(Call& a) {
  const auto x = a.floats(0);
  return x ? Result(Tensor{*x}) : std::nullopt;
}

constexpr unsigned kAll = kBackend | kOps | kTf | kMath | kNp;
constexpr unsigned kMost = kOps | kTf | kMath | kNp;
constexpr char kOne[] = "x|input|a|features|t|tensor";
constexpr char kTwo[] = "x|x1|a, y|x2|b";

}  // namespace

std::vector<Builtin> elementwise_functions() {
  return {
      {kAll | kPython, "abs", kOne, of_any<plain<OpKind::kAbs>, std::fabs>},
      {kMost, "absolute", kOne, of_any<plain<OpKind::kAbs>, std::fabs>},
      {kAll, "square", kOne, of_any<square, square_of>},
      {kAll, "sign", kOne, of_any<plain<OpKind::kSign>, sign_of>},
      {kMost, "negative", kOne, of_any<neg, negative_of>},
      {kAll | kPyMath, "sqrt", kOne, of_float<plain<OpKind::kSqrt>, std::sqrt>},
      {kOps | kTf | kMath, "rsqrt", kOne, of_float<plain<OpKind::kRsqrt>, inverse_root>},
      {kAll | kPyMath, "exp", kOne, of_float<plain<OpKind::kExp>, std::exp>},
      {kMost | kPyMath, "expm1", kOne, of_float<plain<OpKind::kExpm1>, std::expm1>},
      {kAll | kPyMath, "log", kOne, of_float<plain<OpKind::kLog>, std::log>},
      {kMost | kPyMath, "log1p", kOne, of_float<plain<OpKind::kLog1p>, std::log1p>},
      {kOps | kNp | kPyMath, "log2", kOne, of_float<log_base_2, std::log2>},
      {kOps | kNp | kPyMath, "log10", kOne, of_float<log_base_10, std::log10>},
      {kAll | kPyMath, "sin", kOne, of_float<plain<OpKind::kSin>, std::sin>},
      {kAll | kPyMath, "cos", kOne, of_float<plain<OpKind::kCos>, std::cos>},
      {kMost | kPyMath, "tan", kOne, of_float<tangent, std::tan>},
      {kMost | kPyMath, "sinh", kOne, of_float<hyperbolic_sine, std::sinh>},
      {kMost | kPyMath, "cosh", kOne, of_float<hyperbolic_cosine, std::cosh>},
      {kOps | kTf | kMath | kPyMath, "erf", kOne, of_float<plain<OpKind::kErf>, std::erf>},
      {kAll, "round", kOne, of_float<plain<OpKind::kRound>, std::nearbyint>},
      {kMost | kPyMath, "floor", kOne, of_float<plain<OpKind::kFloor>, std::floor>},
      {kMost | kPyMath, "ceil", kOne, of_float<ceil_of, std::ceil>},
      {kOps | kMath | kNp, "reciprocal", kOne, of_float<reciprocal, inverse>},
      {kAll, "maximum", kTwo, maximum},
      {kAll, "minimum", kTwo, minimum},
      {kOps | kTf | kMath | kNp, "add", kTwo, operation<kPlus>},
      {kOps | kTf | kMath | kNp, "subtract", kTwo, operation<kMinus>},
      {kOps | kTf | kMath | kNp, "multiply", kTwo, operation<kTimes>},
      {kOps | kTf | kMath | kNp, "divide", kTwo, operation<kOver>},
      {kOps | kTf | kMath | kNp, "truediv", kTwo, operation<kOver>},
      {kOps | kNp, "true_divide", kTwo, operation<kOver>},
      {kOps | kNp, "floor_divide", kTwo, operation<kWholeOver>},
      {kTf | kMath, "floordiv", kTwo, operation<kWholeOver>},
      {kOps | kNp | kTf | kMath, "mod", kTwo, operation<kRest>},
      {kTf | kMath | kNn | kBackend, "pow", "x, a|y", operation<kPower>},
      {kOps | kNp | kPyMath | kPython, "pow", "x|x1, y|x2", operation<kPower>},
      {kOps | kNp, "power", "x|x1, y|x2", operation<kPower>},
      {kOps | kMath, "divide_no_nan", kTwo, divide_no_nan},
      {kTf | kMath, "squared_difference", kTwo, squared_difference},
      {kAll, "equal", kTwo, comparison<kSame>},
      {kAll, "not_equal", kTwo, comparison<kOther>},
      {kAll, "less", kTwo, comparison<kLess>},
      {kAll, "less_equal", kTwo, comparison<kAtMost>},
      {kAll, "greater", kTwo, comparison<kMore>},
      {kAll, "greater_equal", kTwo, comparison<kAtLeast>},
      {kMost, "logical_and", kTwo, logical<OpKind::kAnd>},
      {kMost, "logical_or", kTwo, logical<OpKind::kOr>},
      {kMost, "logical_xor", kTwo, logical<OpKind::kNe>},
      {kMost, "logical_not", kOne, logical_not},
      {kOps | kTf | kNp, "where", "condition, x1|x=None, x2|y=None", where},
      {kBackend, "switch", "condition, then_expression, else_expression", switch_between},
      {kTf, "cond", "pred, true_fn, false_fn", switch_between},
      {kOps, "cond", "pred, true_fn, false_fn", switch_between},
      {kBackend, "clip", "x, min_value, max_value", clip_values},
      {kOps | kNp, "clip", "x|a, x_min|a_min, x_max|a_max", clip_values},
      {kTf, "clip_by_value", "t, clip_value_min, clip_value_max", clip_values},
      {kMost, "isnan", kOne, is_nan},
      {kTf | kMath, "is_nan", kOne, is_nan},
      {kMost, "isinf", kOne, is_infinite},
      {kMost, "isfinite", kOne, is_finite},
      {kTf | kMath, "is_finite", kOne, is_finite},
      {kTf | kBackend, "identity", kOne, identity},
      {kBackend, "stop_gradient", "variables|x", stop},
      {kOps | kTf, "stop_gradient", "variable|input", stop},
      {kBackend | kOps | kTf, "cast", "x, dtype", cast_to},
      {kMethod, "astype", "x, dtype", cast_to},
      {kBackend, "cast_to_floatx", "x", cast_to_float},
  };
}

}  // namespace kcc::python
