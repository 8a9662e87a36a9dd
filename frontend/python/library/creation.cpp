// Tensors that are made of numbers: zeros, one_hot, arange.
#include <fmt/format.h>

#include <cmath>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/python/library.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

Result filled(Call& a, const Shape& shape, double value, DType dtype) {
  if (!check_shape(a.c, a.mark, shape)) return std::nullopt;
  return Tensor{broadcast_to(a.b, constant(a.b, value, dtype), shape)};
}

template <int value>
Result fill_like(Call& a) {
  const auto x = a.tensor(0);
  const auto dtype = x ? a.dtype(1, a.b.type(*x).dtype) : std::nullopt;
  return dtype ? filled(a, Shape(a.b.shape(*x)), value, *dtype) : std::nullopt;
}

template <int value>
Result fill(Call& a) {
  const auto shape = read_shape(a.c, a.mark, a[0], nullptr);
  const auto dtype = shape ? a.dtype(1, DType::kF32) : std::nullopt;
  return dtype ? filled(a, *shape, value, *dtype) : std::nullopt;
}

Result full(Call& a) {
  const auto shape = read_shape(a.c, a.mark, a[0], nullptr);
  const auto value = shape ? a.tensor(1) : std::nullopt;
  if (!value) return std::nullopt;
  if (!a.b.shape(*value).empty()) return a.fail("the value to fill with must be one number");
  const auto dtype = a.dtype(2, a.b.type(*value).dtype);
  return dtype ? Result(Tensor{broadcast_to(a.b, cast(a.b, *value, *dtype), *shape)}) : std::nullopt;
}

Result full_like(Call& a) {
  const auto x = a.tensor(0);
  const auto value = x ? a.number(1) : std::nullopt;
  const auto dtype = value ? a.dtype(2, a.b.type(*x).dtype) : std::nullopt;
  return dtype ? filled(a, Shape(a.b.shape(*x)), *value, *dtype) : std::nullopt;
}

// Without a dtype, keras.backend's and TensorFlow's constants of whole numbers differ; both become f32 here as soon as
// they meet floats.
Result as_tensor(Call& a) {
  const auto x = a.tensor(0);
  const auto dtype = x ? a.dtype(1, a.b.type(*x).dtype) : std::nullopt;
  return dtype ? Result(Tensor{cast(a.b, *x, *dtype)}) : std::nullopt;
}

Result backend_constant(Call& a) {
  const auto dtype = a.dtype(1, DType::kF32);
  const auto x = dtype ? a.tensor(0) : std::nullopt;
  if (!x) return std::nullopt;
  const ValueId typed = cast(a.b, *x, *dtype);
  if (a.none(2)) return Tensor{typed};
  const auto shape = read_shape(a.c, a.mark, a[2], nullptr);
  const auto both = shape ? broadcast_shapes(a.c, a.mark, {*shape, a.b.shape(typed)}) : std::nullopt;
  if (!both) return std::nullopt;
  if (*both != *shape) return a.fail("the value does not have the shape");
  return Tensor{broadcast_to(a.b, typed, *shape)};
}

Result arange(Call& a) {
  const bool only_stop = a.none(1);
  const auto start = only_stop ? std::optional(0.0) : a.number(0);
  const auto stop = start ? a.number(only_stop ? 0 : 1) : std::nullopt;
  const auto step = stop ? a.number(2) : std::nullopt;
  if (!step) return std::nullopt;
  const double count = std::ceil((*stop - *start) / *step);
  if (!(count >= 1 && count < (1 << 29))) return a.fail("holds no elements");
  bool whole = true;
  for (size_t i = 0; i < 3; ++i) whole = whole && !a[i].is<double>();
  const auto dtype = a.dtype(3, whole ? DType::kI32 : DType::kF32);
  if (!dtype) return std::nullopt;
  const ValueId position = iota(a.b, {{static_cast<int64_t>(count), false}}, 0);
  const ValueId scaled = mul(a.b, cast(a.b, position, DType::kF32), *step);
  return Tensor{cast(a.b, add(a.b, scaled, *start), *dtype)};
}

Result one_hot(Call& a) {
  const auto x = a.tensor(0);
  const auto classes = x ? a.integer(1) : std::nullopt;
  if (!classes) return std::nullopt;
  Shape shape = a.b.shape(*x);
  const auto axis = a.axis(2, shape.size() + 1);
  const auto dtype = axis ? a.dtype(3, DType::kF32) : std::nullopt;
  if (!dtype) return std::nullopt;
  if (*axis != shape.size()) return a.fail("an axis other than the last is not supported");
  shape.push_back({*classes, false});
  if (!check_shape(a.c, a.mark, shape)) return std::nullopt;
  const ValueId index = insert_axis(a.b, cast(a.b, *x, DType::kI32), shape.size() - 1);
  return Tensor{cast(a.b, binary(a.b, OpKind::kEq, iota(a.b, shape, -1), index), *dtype)};
}

Result eye(Call& a) {
  const auto rows = a.integer(0);
  const auto columns = !rows || a.none(1) ? rows : a.integer(1);
  const auto dtype = columns ? a.dtype(2, DType::kF32) : std::nullopt;
  if (!dtype) return std::nullopt;
  const Shape shape{{*rows, false}, {*columns, false}};
  if (!check_shape(a.c, a.mark, shape)) return std::nullopt;
  return Tensor{cast(a.b, binary(a.b, OpKind::kEq, iota(a.b, shape, 0), iota(a.b, shape, 1)), *dtype)};
}

}  // namespace

std::vector<Builtin> creation_functions() {
  return {
      {kBackend | kOps | kTf | kNp, "zeros_like", "x|input|a, dtype=None", fill_like<0>},
      {kBackend | kOps | kTf | kNp, "ones_like", "x|input|a, dtype=None", fill_like<1>},
      {kBackend | kOps | kTf | kNp, "zeros", "shape, dtype=None", fill<0>},
      {kBackend | kOps | kTf | kNp, "ones", "shape, dtype=None", fill<1>},
      {kOps | kNp, "full", "shape, fill_value, dtype=None", full},
      {kTf, "fill", "dims, value, dtype=None", full},
      {kOps | kNp, "full_like", "x|a, fill_value, dtype=None", full_like},
      {kBackend, "constant", "value, dtype=None, shape=None", backend_constant},
      {kTf, "constant", "value, dtype=None", as_tensor},
      {kOps, "convert_to_tensor", "x, dtype=None", as_tensor},
      {kTf, "convert_to_tensor", "value, dtype=None", as_tensor},
      {kNp | kOps, "array", "x|object, dtype=None", as_tensor},
      {kNp, "asarray", "a, dtype=None", as_tensor},
      {kBackend | kOps | kNp, "arange", "start, stop=None, step=1, dtype=None", arange},
      {kTf, "range", "start, limit=None, delta=1, dtype=None", arange},
      {kBackend | kOps | kTf, "one_hot", "x|indices, num_classes|depth, axis=-1, dtype=None", one_hot},
      {kBackend, "eye", "size, columns=None, dtype=None", eye},
      {kOps | kNp | kTf, "eye", "N|num_rows, M|num_columns=None, dtype=None", eye},
      {kNp | kOps, "identity", "n, columns=None, dtype=None", eye},
  };
}

}  // namespace kcc::python
