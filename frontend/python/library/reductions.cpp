// Functions over axes: sums, means, extrema, norms.
#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/python/library.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

using Axes = std::vector<int64_t>;

// f(x, axis, keepdims) on f32.
using Reduce = ValueId (*)(Builder&, ValueId, const Axes&, bool);

struct Operand {
  ValueId x;
  Axes axes;
  bool keep;
  DType dtype;  // before it became f32
};

std::optional<Operand> operand(Call& a) {
  const auto x = a.tensor(0);
  const auto axes = x ? a.axes(1, a.b.shape(*x).size()) : std::nullopt;
  const auto keep = axes ? a.flag(2) : std::nullopt;
  if (!keep) return std::nullopt;
  const DType dtype = a.b.type(*x).dtype;
  return Operand{cast(a.b, *x, DType::kF32), *axes, *keep, dtype};
}

// Sums and extrema of whole numbers stay whole: exact below 2^24, beyond which kcc's sums are rounded.
template <Reduce function>
Result keeping_integers(Call& a) {
  const auto in = operand(a);
  if (!in) return std::nullopt;
  const ValueId result = function(a.b, in->x, in->axes, in->keep);
  return Tensor{in->dtype == DType::kF32 ? result : cast(a.b, result, DType::kI32)};
}

template <Reduce function>
Result to_number(Call& a) {
  const auto in = operand(a);
  return in ? Result(Tensor{function(a.b, in->x, in->axes, in->keep)}) : std::nullopt;
}

template <Reduce function>
Result of_conditions(Call& a) {
  const auto x = a.tensor(0);
  const auto axes = x ? a.axes(1, a.b.shape(*x).size()) : std::nullopt;
  const auto keep = axes ? a.flag(2) : std::nullopt;
  if (!keep) return std::nullopt;
  const ValueId ones = cast(a.b, cast(a.b, *x, DType::kBool), DType::kF32);
  return Tensor{cast(a.b, function(a.b, ones, *axes, *keep), DType::kBool)};
}

ValueId least(Builder& b, ValueId x, const Axes& axes, bool keep) {
  return reduce(b, OpKind::kReduceMin, x, axes, keep);
}

ValueId variance(Builder& b, ValueId x, const Axes& axes, bool keep) {
  return mean(b, square(b, sub(b, x, mean(b, x, axes, true))), axes, keep);
}

ValueId deviation(Builder& b, ValueId x, const Axes& axes, bool keep) {
  return unary(b, OpKind::kSqrt, variance(b, x, axes, keep));
}

// max + log(sum(exp(x - max))), which does not overflow.
ValueId log_sum_exp(Builder& b, ValueId x, const Axes& axes, bool keep) {
  const ValueId largest = stop_gradient(b, reduce_max(b, x, axes, true));
  const ValueId sum = reduce_sum(b, unary(b, OpKind::kExp, sub(b, x, largest)), axes, keep);
  const Shape shape = b.shape(sum);
  return add(b, unary(b, OpKind::kLog, sum), reshape(b, largest, shape));
}

ValueId euclidean_norm(Builder& b, ValueId x, const Axes& axes, bool keep) {
  return unary(b, OpKind::kSqrt, reduce_sum(b, square(b, x), axes, keep));
}

// Halves multiplied until one is left, so that the derivative at zeros is right.
ValueId product_along(Builder& b, ValueId x, size_t axis) {
  while (b.shape(x)[axis].size > 1) {
    const Shape shape = b.shape(x);
    const int64_t half = shape[axis].size / 2;
    Axes starts(shape.size(), 0), sizes, ones(shape.size(), 1);
    for (const Dim& dim : shape) sizes.push_back(dim.size);
    sizes[axis] = half;
    const ValueId first = slice(b, x, starts, sizes, ones);
    starts[axis] = half;
    ValueId product = mul(b, first, slice(b, x, starts, sizes, ones));
    if (shape[axis].size % 2 == 1) {
      starts[axis] = 2 * half;
      sizes[axis] = 1;
      product = concat(b, {product, slice(b, x, starts, sizes, ones)}, static_cast<int64_t>(axis));
    }
    x = product;
  }
  return x;
}

Result product(Call& a) {
  const auto in = operand(a);
  if (!in) return std::nullopt;
  ValueId x = in->x;
  for (size_t i = in->axes.size(); i-- > 0;) {
    const size_t axis = static_cast<size_t>(in->axes[i]);
    if (a.b.shape(x)[axis].batched) return a.fail("over the batch is not supported");
    x = product_along(a.b, x, axis);
    if (!in->keep) x = drop_axis(a.b, x, axis);
  }
  return Tensor{in->dtype == DType::kF32 ? x : cast(a.b, x, DType::kI32)};
}

Result count_nonzero(Call& a) {
  const auto x = a.tensor(0);
  const auto axes = x ? a.axes(1, a.b.shape(*x).size()) : std::nullopt;
  if (!axes) return std::nullopt;
  const ValueId ones = cast(a.b, cast(a.b, *x, DType::kBool), DType::kF32);
  return Tensor{cast(a.b, reduce_sum(a.b, ones, *axes), DType::kI32)};
}

// None: of all elements in a row.
Result position(Call& a, bool of_largest) {
  auto x = a.floats(0);
  const auto keep = x ? a.flag(2) : std::nullopt;
  if (!keep) return std::nullopt;
  const Shape shape = a.b.shape(*x);
  if (a.none(1)) x = reshape(a.b, *x, {element_count(shape)});
  const auto axis = a.none(1) ? std::optional<size_t>(0) : a.axis(1, shape.size());
  if (!axis) return std::nullopt;
  const Shape searched = a.b.shape(*x);
  if (searched[*axis].batched) return a.fail("along the batch is not supported");
  const ValueId found = argmax(a.b, of_largest ? *x : neg(a.b, *x), static_cast<int64_t>(*axis));
  if (!*keep) return Tensor{found};
  Shape kept = a.none(1) ? Shape(shape.size()) : shape;
  if (!a.none(1)) kept[*axis] = Dim{};
  return Tensor{reshape(a.b, found, kept)};
}
Result arg_max(Call& a) {
  return position(a, true);
}
Result arg_min(Call& a) {
  return position(a, false);
}

// (mean, variance)
Result moments(Call& a) {
  const auto in = operand(a);
  if (!in) return std::nullopt;
  const ValueId middle = mean(a.b, in->x, in->axes, in->keep);
  return make_tuple({Tensor{middle}, Tensor{variance(a.b, in->x, in->axes, in->keep)}});
}

// x / sqrt(max(sum(x^2), epsilon))
Result l2_normalize(Call& a) {
  const auto x = a.floats(0);
  const auto axes = x ? a.axes(1, a.b.shape(*x).size()) : std::nullopt;
  const auto epsilon = axes ? a.number(2) : std::nullopt;
  if (!epsilon) return std::nullopt;
  const ValueId sum = reduce_sum(a.b, square(a.b, *x), *axes, true);
  const ValueId floor = binary(a.b, OpKind::kMax, sum, constant(a.b, *epsilon));
  return Tensor{mul(a.b, *x, unary(a.b, OpKind::kRsqrt, floor))};
}

// keras.ops.normalize: x / max(norm, epsilon) of the norm of that order.
Result normalize(Call& a) {
  const auto x = a.floats(0);
  const auto axes = x ? a.axes(1, a.b.shape(*x).size()) : std::nullopt;
  const auto order = axes ? a.integer(2) : std::nullopt;
  if (!order) return std::nullopt;
  if (*order != 1 && *order != 2) return a.fail("an order other than 1 and 2 is not supported");
  const auto epsilon = a.none(3) ? std::optional(1e-7) : a.number(3);
  if (!epsilon) return std::nullopt;
  if (*order == 1) {
    const ValueId norm = reduce_sum(a.b, unary(a.b, OpKind::kAbs, *x), *axes, true);
    return Tensor{div(a.b, *x, binary(a.b, OpKind::kMax, norm, constant(a.b, *epsilon)))};
  }
  const ValueId sum = reduce_sum(a.b, square(a.b, *x), *axes, true);
  const ValueId floor = binary(a.b, OpKind::kMax, sum, constant(a.b, *epsilon * *epsilon));
  return Tensor{mul(a.b, *x, unary(a.b, OpKind::kRsqrt, floor))};
}

Result norm(Call& a) {
  const bool euclidean = a.none(3) || (a[3].is_number() && a[3].number() == 2) ||
                         (a[3].is<std::string>() && (*a[3].get<std::string>() == "euclidean"));
  if (!euclidean) return a.fail("only the Euclidean norm is supported", "write it with ops.sum and ops.abs");
  return to_number<euclidean_norm>(a);
}

// Running sums, as a product with a triangle of ones. x: (..., n, ...) -> sum over j <= i of x[j]
Result running_sum(Call& a) {
  auto x = a.tensor(0);
  if (!x) return std::nullopt;
  if (a.none(1)) x = reshape(a.b, *x, {element_count(a.b.shape(*x))});
  const auto axis = a.none(1) ? std::optional<size_t>(0) : a.axis(1, a.b.shape(*x).size());
  if (!axis) return std::nullopt;
  const DType dtype = a.b.type(*x).dtype;
  const Shape shape = a.b.shape(*x);
  if (shape[*axis].batched) return a.fail("along the batch is not supported");
  Shape wide = shape;
  wide.insert(wide.begin() + static_cast<int64_t>(*axis), shape[*axis]);
  if (!check_shape(a.c, a.mark, wide)) return std::nullopt;
  const int64_t i = static_cast<int64_t>(*axis), j = i + 1;
  const ValueId summand = insert_axis(a.b, cast(a.b, *x, DType::kF32), *axis);
  const ValueId included = binary(a.b, OpKind::kLe, iota(a.b, wide, j), iota(a.b, wide, i));
  const ValueId sum = reduce_sum(a.b, select(a.b, included, summand, constant(a.b, 0.0)), {j});
  return Tensor{dtype == DType::kF32 ? sum : cast(a.b, sum, DType::kI32)};
}

constexpr char kAxis[] = "x|a|input, axis=None, keepdims=False";
constexpr char kTfAxis[] = "input_tensor, axis=None, keepdims=False";
constexpr unsigned kHere = kBackend | kOps | kNp | kMethod;

}  // namespace

std::vector<Builtin> reduction_functions() {
  return {
      {kHere, "sum", kAxis, keeping_integers<reduce_sum>},
      {kTf | kMath, "reduce_sum", kTfAxis, keeping_integers<reduce_sum>},
      {kHere, "mean", kAxis, to_number<mean>},
      {kOps | kNp, "average", kAxis, to_number<mean>},
      {kTf | kMath, "reduce_mean", kTfAxis, to_number<mean>},
      {kHere, "max", kAxis, keeping_integers<reduce_max>},
      {kOps | kNp, "amax", kAxis, keeping_integers<reduce_max>},
      {kTf | kMath, "reduce_max", kTfAxis, keeping_integers<reduce_max>},
      {kHere, "min", kAxis, keeping_integers<least>},
      {kOps | kNp, "amin", kAxis, keeping_integers<least>},
      {kTf | kMath, "reduce_min", kTfAxis, keeping_integers<least>},
      {kHere, "prod", kAxis, product},
      {kTf | kMath, "reduce_prod", kTfAxis, product},
      {kHere, "std", kAxis, to_number<deviation>},
      {kMath, "reduce_std", kTfAxis, to_number<deviation>},
      {kHere, "var", kAxis, to_number<variance>},
      {kMath, "reduce_variance", kTfAxis, to_number<variance>},
      {kHere, "any", kAxis, of_conditions<reduce_max>},
      {kTf | kMath, "reduce_any", kTfAxis, of_conditions<reduce_max>},
      {kHere, "all", kAxis, of_conditions<least>},
      {kTf | kMath, "reduce_all", kTfAxis, of_conditions<least>},
      {kOps | kBackend, "logsumexp", kAxis, to_number<log_sum_exp>},
      {kTf | kMath, "reduce_logsumexp", kTfAxis, to_number<log_sum_exp>},
      {kMath, "reduce_euclidean_norm", kTfAxis, to_number<euclidean_norm>},
      {kOps | kNp | kMath, "count_nonzero", "x|input|a, axis=None", count_nonzero},
      {kBackend, "argmax", "x, axis=-1, keepdims=False", arg_max},
      {kBackend, "argmin", "x, axis=-1, keepdims=False", arg_min},
      {kOps | kNp | kMethod, "argmax", kAxis, arg_max},
      {kOps | kNp | kMethod, "argmin", kAxis, arg_min},
      {kTf | kMath, "argmax", "input, axis=0, keepdims=False", arg_max},
      {kTf | kMath, "argmin", "input, axis=0, keepdims=False", arg_min},
      {kOps, "moments", "x, axes, keepdims=False", moments},
      {kNn, "moments", "x, axes, keepdims=False", moments},
      {kBackend, "l2_normalize", "x, axis=None, epsilon=1e-12", l2_normalize},
      {kMath | kNn, "l2_normalize", "x, axis=None, epsilon=1e-12", l2_normalize},
      {kOps, "normalize", "x, axis=-1, order=2, epsilon=None", normalize},
      {kTf | kMath, "norm", "tensor, axis=None, keepdims=False, ord='euclidean'", norm},
      {kOps, "norm", "x, axis=None, keepdims=False, ord=None", norm},
      {kBackend, "cumsum", "x, axis=0", running_sum},
      {kOps | kNp, "cumsum", "x|a, axis=None", running_sum},
      {kTf | kMath, "cumsum", "x, axis=0", running_sum},
  };
}

}  // namespace kcc::python
