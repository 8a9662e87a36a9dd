// Joining tensors, taking them apart, and repeating them.
#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/shape.h"
#include "frontend/layer.h"
#include "frontend/python/library.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

Result concatenate(Call& a) {
  const auto parts = a.tensors(0);
  const auto axis = parts ? a.axis(1, a.b.shape((*parts)[0]).size()) : std::nullopt;
  if (!axis) return std::nullopt;
  const auto joined = concat_tensors(a.c, a.mark, *parts, static_cast<int64_t>(*axis));
  return joined ? Result(Tensor{*joined}) : std::nullopt;
}

Result stack(Call& a) {
  const auto parts = a.tensors(0);
  const auto axis = parts ? a.axis(1, a.b.shape((*parts)[0]).size() + 1) : std::nullopt;
  if (!axis) return std::nullopt;
  const auto joined = stack_tensors(a.c, a.mark, *parts, static_cast<int64_t>(*axis));
  return joined ? Result(Tensor{*joined}) : std::nullopt;
}

// x[.., start:stop, ..]
std::optional<ValueId> part(Call& a, ValueId x, size_t axis, int64_t start, int64_t stop) {
  return take_range(a.c, a.mark, x, axis, start, stop - start, 1);
}

Result unstack(Call& a) {
  const auto x = a.tensor(0);
  const auto axis = x ? a.axis(1, a.b.shape(*x).size()) : std::nullopt;
  if (!axis) return std::nullopt;
  const Dim dim = a.b.shape(*x)[*axis];
  if (dim.batched) return a.fail("the batch cannot be taken apart");
  std::vector<Value> parts;
  for (int64_t i = 0; i < dim.size; ++i) {
    const auto row = a.c.spend(a.mark, 2) ? part(a, *x, *axis, i, i + 1) : std::nullopt;
    if (!row) return std::nullopt;
    parts.push_back(Tensor{drop_axis(a.b, *row, *axis)});
  }
  return a.c.sequence(a.mark, std::move(parts), true);
}

// Where parts end: a number of equal parts, or positions (of tf.split: sizes).
std::optional<std::vector<int64_t>> ends_of(Call& a, int64_t extent, bool sizes) {
  std::vector<int64_t> ends;
  if (const int64_t* count = a[1].get<int64_t>()) {
    if (*count < 1 || *count > extent || extent % *count != 0)
      return a.fail(fmt::format("an extent of {} cannot be split into {} equal parts", extent, *count));
    for (int64_t i = 1; i <= *count; ++i) ends.push_back(i * (extent / *count));
    return ends;
  }
  const auto given = a.integers(1);
  if (!given) return std::nullopt;
  int64_t at = 0;
  for (int64_t number : *given) {
    const int64_t end = sizes ? at + number : number;
    if (number < 0 || number > extent || end <= at || end > extent)
      return a.fail(fmt::format("the parts do not fit the extent {}", extent));
    ends.push_back(at = end);
  }
  if (!sizes) ends.push_back(extent);
  if (ends.back() != extent || (ends.size() > 1 && ends[ends.size() - 2] == extent))
    return a.fail(fmt::format("the parts do not make up the extent {}", extent));
  return ends;
}

Result split_at(Call& a, bool sizes) {
  const auto x = a.tensor(0);
  const auto axis = x ? a.axis(2, a.b.shape(*x).size()) : std::nullopt;
  if (!axis) return std::nullopt;
  if (a.b.shape(*x)[*axis].batched) return a.fail("the batch cannot be split");
  const auto ends = ends_of(a, a.b.shape(*x)[*axis].size, sizes);
  if (!ends) return std::nullopt;
  std::vector<Value> parts;
  int64_t start = 0;
  for (int64_t end : *ends) {
    const auto piece = a.c.spend(a.mark, 2) ? part(a, *x, *axis, start, end) : std::nullopt;
    if (!piece) return std::nullopt;
    parts.push_back(Tensor{*piece});
    start = end;
  }
  return a.c.sequence(a.mark, std::move(parts), true);
}
Result split(Call& a) {
  return split_at(a, false);
}
Result split_sizes(Call& a) {
  return split_at(a, true);
}

// ---- repeating

// Every element of an axis `count` times in a row: (.., n, ..) -> (.., n, count, ..) -> (.., n*count, ..).
Result repeated(Call& a, ValueId x, size_t axis, int64_t count) {
  Shape shape = a.b.shape(x), result = shape;
  if (count < 1 || __builtin_mul_overflow(result[axis].size, count, &result[axis].size))
    return a.fail("the number of repetitions must be positive");
  if (!check_shape(a.c, a.mark, result)) return std::nullopt;
  const ValueId wide = insert_axis(a.b, x, axis + 1);
  shape.insert(shape.begin() + static_cast<int64_t>(axis) + 1, Dim{count, false});
  return Tensor{reshape(a.b, broadcast_to(a.b, wide, shape), result)};
}

Result repeat(Call& a) {
  auto x = a.tensor(0);
  const auto count = x ? a.integer(1) : std::nullopt;
  if (!count) return std::nullopt;
  if (a.none(2)) x = reshape(a.b, *x, {element_count(a.b.shape(*x))});
  const auto axis = a.none(2) ? std::optional<size_t>(0) : a.axis(2, a.b.shape(*x).size());
  return axis ? repeated(a, *x, *axis, *count) : std::nullopt;
}

// keras.backend.repeat: (B, n) -> (B, count, n)
Result repeat_rows(Call& a) {
  const auto x = a.tensor(0);
  const auto count = x ? a.integer(1) : std::nullopt;
  if (!count) return std::nullopt;
  if (a.b.shape(*x).size() != 2) return a.fail("expected a tensor of rank 2");
  return repeated(a, insert_axis(a.b, *x, 1), 1, *count);
}

// The whole axis again and again: (.., n, ..) -> (.., count, n, ..) -> (.., count*n, ..).
Result tile(Call& a) {
  const auto x = a.tensor(0);
  auto counts = x ? a.integers(1) : std::nullopt;
  if (!counts) return std::nullopt;
  ValueId result = *x;
  while (counts->size() < a.b.shape(result).size()) counts->insert(counts->begin(), 1);
  if (!check_shape(a.c, a.mark, Shape(counts->size()))) return std::nullopt;
  while (a.b.shape(result).size() < counts->size()) result = insert_axis(a.b, result, 0);
  for (size_t axis = 0; axis < counts->size(); ++axis) {
    const int64_t count = (*counts)[axis];
    if (count == 1) continue;
    Shape shape = a.b.shape(result), whole = shape;
    if (shape[axis].batched) return a.fail("the batch cannot be repeated");
    if (count < 1 || __builtin_mul_overflow(whole[axis].size, count, &whole[axis].size))
      return a.fail("the number of repetitions must be positive");
    if (!check_shape(a.c, a.mark, whole)) return std::nullopt;
    const ValueId wide = insert_axis(a.b, result, axis);
    shape.insert(shape.begin() + static_cast<int64_t>(axis), Dim{count, false});
    result = reshape(a.b, broadcast_to(a.b, wide, shape), whole);
  }
  return Tensor{result};
}

// Rows of a table at positions that are known when the program runs.
Result rows_at(Call& a, ValueId table) {
  const Shape shape = a.b.shape(table);
  const auto indices = a.tensor(1);
  const auto axis = indices ? a.axis(2, shape.size()) : std::nullopt;
  if (!axis) return std::nullopt;
  if (*axis != 0 || shape[0].batched)
    return a.fail(fmt::format("positions that are a tensor choose rows of a table, not along axis {} of {}", *axis,
                              keras_shape(shape)),
                  "multiply with ops.one_hot");
  Shape result = a.b.shape(*indices);
  result.insert(result.end(), shape.begin() + 1, shape.end());
  if (!check_shape(a.c, a.mark, result)) return std::nullopt;
  return Tensor{gather(a.b, table, cast(a.b, *indices, DType::kI32))};
}

// Elements at positions known at compile time.
Result take(Call& a) {
  auto x = a.tensor(0);
  if (!x) return std::nullopt;
  if (a[1].is<Tensor>()) return rows_at(a, *x);
  const auto positions = a.integers(1);
  if (!positions || positions->empty()) return a.fail("no positions");
  if (a.none(2)) x = reshape(a.b, *x, {element_count(a.b.shape(*x))});
  const auto axis = a.none(2) ? std::optional<size_t>(0) : a.axis(2, a.b.shape(*x).size());
  if (!axis) return std::nullopt;
  const int64_t extent = a.b.shape(*x)[*axis].size;
  std::vector<ValueId> parts;
  for (int64_t position : *positions) {
    const auto at = positive_axis(position, static_cast<size_t>(extent));
    if (!at) return a.fail(fmt::format("the position {} lies outside the extent {}", position, extent));
    // Of a batch even one sample is a part.
    const bool batched = a.b.shape(*x)[*axis].batched;
    const auto piece = take_range(a.c, a.mark, *x, *axis, *at, batched ? extent + 1 : 1, 1);
    if (!piece) return std::nullopt;
    parts.push_back(*piece);
  }
  if (!a[1].is<Sequence>()) return Tensor{drop_axis(a.b, parts[0], *axis)};
  const auto joined = concat_tensors(a.c, a.mark, parts, static_cast<int64_t>(*axis));
  return joined ? Result(Tensor{*joined}) : std::nullopt;
}

}  // namespace

std::vector<Builtin> joining_functions() {
  return {
      {kBackend, "concatenate", "tensors, axis=-1", concatenate},
      {kOps | kNp, "concatenate", "xs|arrays, axis=0", concatenate},
      {kTf, "concat", "values, axis", concatenate},
      {kBackend | kOps | kTf | kNp, "stack", "x|values|arrays, axis=0", stack},
      {kOps, "unstack", "x, num=None, axis=0",
       [](Call& a) { return std::swap(a.arguments[1], a.arguments[2]), unstack(a); }},
      {kTf, "unstack", "value, num=None, axis=0",
       [](Call& a) { return std::swap(a.arguments[1], a.arguments[2]), unstack(a); }},
      {kOps | kNp, "split", "x|ary, indices_or_sections, axis=0", split},
      {kTf, "split", "value, num_or_size_splits, axis=0", split_sizes},
      {kBackend, "repeat_elements", "x, rep, axis", repeat},
      {kBackend, "repeat", "x, n", repeat_rows},
      {kOps | kNp, "repeat", "x|a, repeats, axis=None", repeat},
      {kTf, "repeat", "input, repeats, axis=None", repeat},
      {kBackend, "tile", "x, n", tile},
      {kOps | kNp, "tile", "x|A, repeats|reps", tile},
      {kTf, "tile", "input, multiples", tile},
      {kOps | kNp, "take", "x|a, indices, axis=None", take},
      {kTf, "gather", "params, indices, axis=0", take},
      {kBackend, "gather", "reference, indices, axis=0", take},
  };
}

}  // namespace kcc::python
