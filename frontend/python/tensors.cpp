#include "frontend/python/tensors.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/layer.h"

namespace kcc::python {
namespace {

// A tensor's bytes must stay below 2^31: kernels index with 32 bits.
constexpr int64_t kMostElements = (int64_t{1} << 29) - 1;
// Nothing needs more dimensions, and kernels take time with each.
constexpr size_t kMostDimensions = 8;
// Constants become operations one by one.
constexpr size_t kMostConstants = 1024;

int rank_of(DType dtype) {
  return dtype == DType::kBool ? 0 : dtype == DType::kF32 ? 2 : 1;
}

std::optional<ValueId> integer_constant(Context& c, Mark mark, int64_t value) {
  if (value >= -(int64_t{1} << 31) && value < int64_t{1} << 31)
    return constant(c.b, static_cast<double>(value), DType::kI32);
  return c.fail(mark, fmt::format("the number {} does not fit into 32 bits", value));
}

std::optional<ValueId> sequence_to_tensor(Context& c, Mark mark, const Value& value) {
  const std::vector<Value>& items = items_of(value);
  if (items.empty()) return c.fail(mark, "an empty list has no tensor");
  if (value.get<Sequence>()->items->leaves > static_cast<int64_t>(kMostConstants))
    return c.fail(mark, fmt::format("a constant of more than {} numbers is not supported", kMostConstants));
  std::vector<ValueId> parts;
  for (const Value& item : items) {
    const auto part = to_tensor(c, mark, item);
    if (!part) return std::nullopt;
    parts.push_back(*part);
  }
  return stack_tensors(c, mark, parts, 0);
}

}  // namespace

std::optional<ValueId> to_tensor(Context& c, Mark mark, const Value& value) {
  if (!c.spend(mark, 1)) return std::nullopt;
  if (const Tensor* tensor = value.get<Tensor>()) return tensor->id;
  if (const bool* flag = value.get<bool>()) return constant(c.b, *flag, DType::kBool);
  if (const int64_t* integer = value.get<int64_t>()) return integer_constant(c, mark, *integer);
  if (const double* number = value.get<double>()) return constant(c.b, *number);
  if (const Extent* e = value.get<Extent>()) return extent(c.b, {e->dim});
  if (value.is<Sequence>()) return sequence_to_tensor(c, mark, value);
  return c.fail(mark, fmt::format("found {}, expected a tensor", c.describe(value)));
}

std::optional<ValueId> to_float(Context& c, Mark mark, const Value& value) {
  if (value.is_number()) return constant(c.b, value.number());
  const auto x = to_tensor(c, mark, value);
  if (!x) return std::nullopt;
  return cast(c.b, *x, DType::kF32);
}

bool unusable(const Shape& shape) {
  int64_t count = 1;
  int batched = 0;
  for (const Dim& dim : shape) {
    batched += dim.batched;
    if (dim.size < 1 || __builtin_mul_overflow(count, dim.size, &count) || count > kMostElements) return true;
  }
  return batched > 1 || shape.size() > kMostDimensions;
}

bool check_shape(Context& c, Mark mark, const Shape& shape) {
  if (!unusable(shape)) return true;
  int batched = 0;
  for (const Dim& dim : shape) {
    batched += dim.batched;
    if (dim.size >= 1) continue;
    c.fail(mark, fmt::format("the result would have the shape {}, which holds no elements", keras_shape(shape)));
    return false;
  }
  if (shape.size() > kMostDimensions)
    c.fail(mark, fmt::format("the result would have {} dimensions, more than {}", shape.size(), kMostDimensions));
  else if (batched > 1)
    c.fail(mark,
           fmt::format("the result would have the shape {}: only one dimension may depend on the batch",
                       keras_shape(shape)),
           "a (None,) and a (None, 1) broadcast to (None, None): keep or drop the last dimension of both");
  else
    c.fail(mark,
           fmt::format("the result {} would have more than {} elements a sample", keras_shape(shape), kMostElements));
  return false;
}

std::optional<Shape> broadcast_shapes(Context& c, Mark mark, const std::vector<Shape>& shapes) {
  Shape result;
  for (const Shape& shape : shapes) {
    const Shape before = result;
    if (shape.size() > result.size()) result.insert(result.begin(), shape.size() - result.size(), Dim{});
    for (size_t i = 0; i < shape.size(); ++i) {
      Dim& dim = result[result.size() - shape.size() + i];
      if (!(dim == shape[i] || dim.is_one() || shape[i].is_one()))
        return c.fail(mark,
                      fmt::format("the shapes {} and {} do not broadcast", keras_shape(before), keras_shape(shape)));
      if (dim.is_one()) dim = shape[i];
    }
  }
  if (!check_shape(c, mark, result)) return std::nullopt;
  return result;
}

DType common_dtype(const Builder& b, const std::vector<ValueId>& tensors) {
  DType dtype = DType::kBool;
  for (ValueId tensor : tensors)
    if (rank_of(b.type(tensor).dtype) > rank_of(dtype)) dtype = b.type(tensor).dtype;
  return dtype;
}

std::optional<Operands> promote(Context& c, Mark mark, const Value& x, const Value& y) {
  const auto left = to_tensor(c, mark, x);
  const auto right = left ? to_tensor(c, mark, y) : std::nullopt;
  if (!right || !broadcast_shapes(c, mark, {c.b.shape(*left), c.b.shape(*right)})) return std::nullopt;
  const DType dtype = common_dtype(c.b, {*left, *right});
  // A number is rounded once, from double to f32, and not by way of i32.
  const auto as = [&](const Value& value, ValueId tensor) {
    return value.is_number() && dtype == DType::kF32 ? constant(c.b, value.number()) : cast(c.b, tensor, dtype);
  };
  const ValueId first = as(x, *left);
  return Operands{first, as(y, *right)};
}

ValueId insert_axis(Builder& b, ValueId x, size_t axis) {
  Shape shape = b.shape(x);
  shape.insert(shape.begin() + static_cast<int64_t>(axis), Dim{});
  return reshape(b, x, shape);
}

ValueId drop_axis(Builder& b, ValueId x, size_t axis) {
  Shape shape = b.shape(x);
  shape.erase(shape.begin() + static_cast<int64_t>(axis));
  return reshape(b, x, shape);
}

std::optional<ValueId> concat_tensors(Context& c, Mark mark, std::vector<ValueId> parts, int64_t axis) {
  const size_t at = static_cast<size_t>(axis);
  const DType dtype = common_dtype(c.b, parts);
  Shape whole = c.b.shape(parts[0]);
  for (size_t i = 0; i < parts.size(); ++i) {
    Shape other = c.b.shape(parts[i]);
    const bool fits = other.size() == whole.size() && !other[at].batched && !whole[at].batched;
    if (fits && i > 0) whole[at].size += other[at].size;
    if (fits) other[at] = whole[at];
    if (!fits || other != whole)
      return c.fail(mark,
                    fmt::format("tensors {} and {} cannot be joined along axis {}", keras_shape(c.b.shape(parts[0])),
                                keras_shape(c.b.shape(parts[i])), axis),
                    at < whole.size() && whole[at].batched ? "the batch cannot be concatenated" : "");
    parts[i] = cast(c.b, parts[i], dtype);
  }
  if (!check_shape(c, mark, whole)) return std::nullopt;
  return concat(c.b, parts, axis);
}

std::optional<ValueId> stack_tensors(Context& c, Mark mark, const std::vector<ValueId>& parts, int64_t axis) {
  std::vector<ValueId> rows;
  for (ValueId part : parts) {
    if (c.b.shape(part) != c.b.shape(parts[0]))
      return c.fail(mark, fmt::format("tensors {} and {} cannot be stacked", keras_shape(c.b.shape(parts[0])),
                                      keras_shape(c.b.shape(part))));
    rows.push_back(insert_axis(c.b, part, static_cast<size_t>(axis)));
  }
  return concat_tensors(c, mark, rows, axis);
}

std::optional<ValueId> take_range(Context& c, Mark mark, ValueId x, size_t axis, int64_t start, int64_t count,
                                  int64_t step) {
  const Shape& shape = c.b.shape(x);
  if (start == 0 && step == 1 && count == shape[axis].size) return x;
  if (shape[axis].batched)
    return c.fail(mark, fmt::format("a part of the batch is taken: dimension {} of {} must be taken whole", axis,
                                    keras_shape(shape)));
  Shape result = shape;
  result[axis].size = count;
  if (!check_shape(c, mark, result)) return std::nullopt;
  std::vector<int64_t> starts(shape.size(), 0), sizes, strides(shape.size(), 1);
  for (const Dim& dim : shape) sizes.push_back(dim.size);
  starts[axis] = step > 0 ? start : start + (count - 1) * step;
  sizes[axis] = count;
  strides[axis] = step > 0 ? step : -step;
  const ValueId part = slice(c.b, x, starts, sizes, strides);
  return step > 0 ? part : reverse(c.b, part, static_cast<int64_t>(axis));
}

std::optional<Shape> read_shape(Context& c, Mark mark, const Value& value, const Shape* whole) {
  std::vector<Value> extents = value.is<Sequence>() ? items_of(value) : std::vector<Value>{value};
  Shape shape;
  std::optional<size_t> open;
  for (size_t i = 0; i < extents.size(); ++i) {
    const int64_t* size = extents[i].get<int64_t>();
    if (const Extent* e = extents[i].get<Extent>()) {
      shape.push_back(e->dim);
    } else if (whole && !open && (extents[i].is_none() || (size && *size == -1))) {
      open = i;
      shape.push_back({});
    } else if (size && *size >= 1) {
      shape.push_back({*size, false});
    } else {
      return c.fail(mark, fmt::format("a shape has {}, expected positive extents{}", c.describe(extents[i]),
                                      whole ? " and -1 at most once" : ""));
    }
  }
  if (!check_shape(c, mark, shape)) return std::nullopt;
  if (!whole) return shape;
  const Dim have = element_count(*whole), known = element_count(shape);
  const bool fits = have.size % known.size == 0 && (have.batched || !known.batched);
  if (open && fits) shape[*open] = {have.size / known.size, have.batched && !known.batched};
  if (!fits || !(element_count(shape) == have))
    return c.fail(mark, fmt::format("{} cannot be reshaped to {}", keras_shape(*whole), keras_shape(shape)));
  return shape;
}

}  // namespace kcc::python
