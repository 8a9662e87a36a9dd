// Shapes: reading them, and moving elements without changing them.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/layer.h"
#include "frontend/python/library.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

using Axes = std::vector<int64_t>;

Result shape_of(Call& a) {
  const auto x = a.tensor(0);
  return x ? Result(shape_value(a.b.shape(*x))) : std::nullopt;
}

Result rank_of(Call& a) {
  const auto x = a.tensor(0);
  return x ? Result(static_cast<int64_t>(a.b.shape(*x).size())) : std::nullopt;
}

Result dtype_of(Call& a) {
  const auto x = a.tensor(0);
  return x ? Result(TypeName{a.b.type(*x).dtype}) : std::nullopt;
}

Result as_list(Call& a) {
  return a.c.sequence(a.mark, items_of(a[0]), true);
}

Result reshaped(Call& a, const Value& target) {
  const auto x = a.tensor(0);
  if (!x) return std::nullopt;
  const Shape whole = a.b.shape(*x);
  const auto shape = read_shape(a.c, a.mark, target, &whole);
  return shape ? Result(Tensor{reshape(a.b, *x, *shape)}) : std::nullopt;
}
Result reshape_to(Call& a) {
  return reshaped(a, a[1]);
}
// x.reshape(2, 3) and x.reshape((2, 3))
Result reshape_method(Call& a) {
  const std::vector<Value>& rest = items_of(a[1]);
  return reshaped(a, rest.size() == 1 ? rest[0] : a[1]);
}
Result flatten_all(Call& a) {
  return reshaped(a, int64_t{-1});
}

// (B, ...) -> (B, elements of a sample)
Result flatten_samples(Call& a) {
  const auto x = a.tensor(0);
  if (!x) return std::nullopt;
  const Shape shape = a.b.shape(*x);
  if (shape.empty()) return a.fail("a number has no samples");
  return Tensor{reshape(a.b, *x, {shape[0], element_count(Shape(shape.begin() + 1, shape.end()))})};
}

Result expand(Call& a) {
  const auto x = a.tensor(0);
  const auto axis = x ? a.axis(1, a.b.shape(*x).size() + 1) : std::nullopt;
  if (!axis) return std::nullopt;
  const ValueId expanded = insert_axis(a.b, *x, *axis);
  return check_shape(a.c, a.mark, a.b.shape(expanded)) ? Result(Tensor{expanded}) : std::nullopt;
}

Result squeeze(Call& a) {
  const auto x = a.tensor(0);
  if (!x) return std::nullopt;
  const Shape shape = a.b.shape(*x);
  const auto axes = a.axes(1, shape.size());
  if (!axes) return std::nullopt;
  Shape kept;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool named = std::binary_search(axes->begin(), axes->end(), static_cast<int64_t>(i));
    if (named && shape[i].is_one()) continue;
    if (named && !a.none(1)) return a.fail(fmt::format("axis {} of {} has not the extent 1", i, keras_shape(shape)));
    kept.push_back(shape[i]);
  }
  return Tensor{reshape(a.b, *x, kept)};
}

Result permuted(Call& a, ValueId x, const Axes& perm) {
  Axes sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<int64_t>(i)) return a.fail("the axes are no permutation");
  return Tensor{transpose(a.b, x, perm)};
}

// None: all axes turned round.
Result transposed(Call& a) {
  const auto x = a.tensor(0);
  if (!x) return std::nullopt;
  const size_t rank = a.b.shape(*x).size();
  Axes perm(rank);
  std::iota(perm.rbegin(), perm.rend(), 0);
  if (a.none(1)) return permuted(a, *x, perm);
  const auto given = a.integers(1);
  if (!given) return std::nullopt;
  if (given->size() != rank) return a.fail(fmt::format("{} axes for a tensor of rank {}", given->size(), rank));
  for (size_t i = 0; i < rank; ++i) perm[i] = positive_axis((*given)[i], rank).value_or(-1);
  return permuted(a, *x, perm);
}

Result swap_axes(Call& a) {
  const auto x = a.tensor(0);
  if (!x) return std::nullopt;
  const size_t rank = a.b.shape(*x).size();
  const auto first = a.axis(1, rank), second = first ? a.axis(2, rank) : std::nullopt;
  if (!second) return std::nullopt;
  Axes perm(rank);
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[*first], perm[*second]);
  return permuted(a, *x, perm);
}

Result move_axis(Call& a) {
  const auto x = a.tensor(0);
  if (!x) return std::nullopt;
  const size_t rank = a.b.shape(*x).size();
  const auto from = a.axis(1, rank), to = from ? a.axis(2, rank) : std::nullopt;
  if (!to) return std::nullopt;
  Axes perm(rank);
  std::iota(perm.begin(), perm.end(), 0);
  perm.erase(perm.begin() + static_cast<int64_t>(*from));
  perm.insert(perm.begin() + static_cast<int64_t>(*to), static_cast<int64_t>(*from));
  return permuted(a, *x, perm);
}

Result turned(Call& a) {
  const auto x = a.tensor(0);
  const auto axes = x ? a.axes(1, a.b.shape(*x).size()) : std::nullopt;
  if (!axes) return std::nullopt;
  ValueId result = *x;
  for (int64_t axis : *axes) {
    if (a.b.shape(result)[static_cast<size_t>(axis)].batched) return a.fail("turning the batch is not supported");
    result = reverse(a.b, result, axis);
  }
  return Tensor{result};
}

Result stretched(Call& a) {
  const auto x = a.tensor(0);
  const auto shape = x ? read_shape(a.c, a.mark, a[1], nullptr) : std::nullopt;
  const auto both = shape ? broadcast_shapes(a.c, a.mark, {a.b.shape(*x), *shape}) : std::nullopt;
  if (!both) return std::nullopt;
  if (*both != *shape)
    return a.fail(fmt::format("{} does not broadcast to {}", keras_shape(a.b.shape(*x)), keras_shape(*shape)));
  return Tensor{broadcast_to(a.b, *x, *shape)};
}

// Pairs of (before, after), one a dimension; one pair or number for all.
std::optional<std::vector<std::pair<int64_t, int64_t>>> read_padding(Call& a, size_t rank) {
  std::vector<std::pair<int64_t, int64_t>> pads;
  const auto pair_of = [&](const Value& value) {
    const bool is_pair = value.is<Sequence>() && items_of(value).size() == 2;
    const int64_t* low = is_pair ? items_of(value)[0].get<int64_t>() : value.get<int64_t>();
    const int64_t* high = is_pair ? items_of(value)[1].get<int64_t>() : low;
    const bool fits = low && high && *low >= 0 && *high >= 0 && *low < (1 << 20) && *high < (1 << 20);
    if (fits) pads.emplace_back(*low, *high);
    return fits;
  };
  const bool is_list = a[1].is<Sequence>();
  const std::vector<Value> given = is_list ? items_of(a[1]) : std::vector<Value>(rank, a[1]);
  bool fits = given.size() == rank || (is_list && given.size() == 1);
  for (const Value& value : given) fits = fits && pair_of(value);
  if (!fits) return a.fail(fmt::format("expected {} pairs of numbers to pad with", rank));
  pads.resize(rank, pads.empty() ? std::pair<int64_t, int64_t>{} : pads[0]);
  return pads;
}

Result padded(Call& a) {
  const auto x = a.tensor(0);
  const auto mode = x ? a.text(2) : std::nullopt;
  if (!mode) return std::nullopt;
  if (*mode != "constant" && *mode != "CONSTANT") return a.fail("only constant padding is supported");
  const auto value = a.none(3) ? std::optional(0.0) : a.number(3);
  Shape shape = a.b.shape(*x);
  const auto pads = value ? read_padding(a, shape.size()) : std::nullopt;
  if (!pads) return std::nullopt;
  Axes low, high;
  for (size_t i = 0; i < shape.size(); ++i) {
    low.push_back((*pads)[i].first);
    high.push_back((*pads)[i].second);
    if (shape[i].batched && low[i] + high[i] > 0) return a.fail("padding the batch is not supported");
    shape[i].size += low[i] + high[i];
  }
  if (!check_shape(a.c, a.mark, shape)) return std::nullopt;
  return Tensor{pad(a.b, *x, low, high, *value)};
}

}  // namespace

std::vector<Builtin> shape_functions() {
  return {
      {kBackend | kOps | kTf, "shape", "x|input", shape_of},
      {kBackend, "int_shape", "x", shape_of},
      {kMethod, "get_shape", "x", shape_of},
      {kBackend | kOps | kNp, "ndim", "x|a", rank_of},
      {kTf, "rank", "input", rank_of},
      {kBackend, "dtype", "x", dtype_of},
      {kSequence, "as_list", "self", as_list},
      {kBackend | kOps | kTf | kNp, "reshape", "x|tensor|a, shape|newshape", reshape_to},
      {kMethod, "reshape", "x, *shape", reshape_method},
      {kBackend | kMethod, "flatten", "x", flatten_all},
      {kOps | kNp | kMethod, "ravel", "x|a", flatten_all},
      {kBackend, "batch_flatten", "x", flatten_samples},
      {kBackend, "expand_dims", "x, axis=-1", expand},
      {kOps | kTf | kNp, "expand_dims", "x|input|a, axis", expand},
      {kBackend, "squeeze", "x, axis", squeeze},
      {kOps | kTf | kNp | kMethod, "squeeze", "x|input|a, axis=None", squeeze},
      {kBackend, "transpose", "x, axes=None", transposed},
      {kOps | kTf | kNp | kMethod, "transpose", "x|a, axes|perm=None", transposed},
      {kBackend, "permute_dimensions", "x, pattern", transposed},
      {kOps | kNp, "swapaxes", "x|a, axis1, axis2", swap_axes},
      {kOps | kNp, "moveaxis", "x|a, source, destination", move_axis},
      {kBackend, "reverse", "x, axes", turned},
      {kTf, "reverse", "tensor, axis", turned},
      {kOps | kNp, "flip", "x|m, axis=None", turned},
      {kOps | kTf | kNp, "broadcast_to", "x|input|array, shape", stretched},
      {kOps | kNp, "pad", "x|array, pad_width, mode='constant', constant_values=None", padded},
      {kTf, "pad", "tensor, paddings, mode='CONSTANT', constant_values=0", padded},
  };
}

}  // namespace kcc::python
