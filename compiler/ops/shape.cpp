#include "compiler/ops/shape.h"

#include <algorithm>
#include <numeric>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/families.h"
#include "compiler/ops/reduce.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Integers = std::vector<int64_t>;

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

// ---- shape rules

Type broadcast_type(const std::vector<Type>& operands, const Attrs& attrs) {
  const Shape& shape = attrs.shape("shape");
  const Integers& dims = attrs.integers("dims");
  KCC_CHECK(operands.size() == 1 && dims.size() == operands[0].shape.size(), "a dimension for each of the operand's");
  for (size_t i = 0; i < dims.size(); ++i) {
    const Dim& from = operands[0].shape[i];
    KCC_CHECK(dims[i] >= 0 && at(dims[i]) < shape.size() && (i == 0 || dims[i] > dims[i - 1]), "dimensions in order");
    KCC_CHECK(from == shape[at(dims[i])] || from.is_one(), "an extent that does not stretch");
  }
  return {operands[0].dtype, shape};
}

Type reshape_type(const std::vector<Type>& operands, const Attrs& attrs) {
  KCC_CHECK(operands.size() == 1 && element_count(operands[0].shape) == element_count(attrs.shape("shape")),
            "the same number of elements");
  return {operands[0].dtype, attrs.shape("shape")};
}

Type transpose_type(const std::vector<Type>& operands, const Attrs& attrs) {
  const Integers& perm = attrs.integers("perm");
  KCC_CHECK(operands.size() == 1 && perm.size() == operands[0].shape.size(), "a permutation of the dimensions");
  Shape shape;
  for (int64_t p : perm) shape.push_back(operands[0].shape.at(at(p)));
  return {operands[0].dtype, shape};
}

Type slice_type(const std::vector<Type>& operands, const Attrs& attrs) {
  const Integers &starts = attrs.integers("starts"), &sizes = attrs.integers("sizes"),
                 &strides = attrs.integers("strides");
  Type type = operands.at(0);
  KCC_CHECK(starts.size() == type.shape.size() && sizes.size() == starts.size() && strides.size() == starts.size(),
            "rank");
  for (size_t i = 0; i < starts.size(); ++i) {
    Dim& dim = type.shape[i];
    const bool whole = starts[i] == 0 && sizes[i] == dim.size && strides[i] == 1;
    KCC_CHECK(whole || (!dim.batched && starts[i] >= 0 && sizes[i] >= 0 && strides[i] >= 1 &&
                        (sizes[i] == 0 || starts[i] + (sizes[i] - 1) * strides[i] < dim.size)),
              "a slice inside its operand");
    dim.size = sizes[i];
  }
  return type;
}

Type pad_type(const std::vector<Type>& operands, const Attrs& attrs) {
  const Integers &low = attrs.integers("low"), &high = attrs.integers("high");
  Type type = operands.at(0);
  KCC_CHECK(low.size() == type.shape.size() && high.size() == low.size(), "rank");
  for (size_t i = 0; i < low.size(); ++i) {
    KCC_CHECK(low[i] >= 0 && high[i] >= 0 && (!type.shape[i].batched || low[i] + high[i] == 0),
              "padding of a fixed extent");
    type.shape[i].size += low[i] + high[i];
  }
  return type;
}

Type concat_type(const std::vector<Type>& operands, const Attrs& attrs) {
  const size_t axis = at(attrs.integer("axis"));
  Type type = operands.at(0);
  KCC_CHECK(axis < type.shape.size() && !type.shape[axis].batched, "a fixed axis");
  for (size_t i = 1; i < operands.size(); ++i) {
    Type other = operands[i];
    KCC_CHECK(other.shape.size() == type.shape.size(), "operands of equal rank");
    type.shape[axis].size += other.shape[axis].size;
    other.shape[axis] = type.shape[axis];
    KCC_CHECK(other == type, "operands equal but for the axis");
  }
  return type;
}

Type reverse_type(const std::vector<Type>& operands, const Attrs& attrs) {
  KCC_CHECK(!operands.at(0).shape.at(at(attrs.integer("axis"))).batched, "a fixed axis");
  return operands[0];
}

// ---- gradient rules

void grad_broadcast(GradContext& c) {
  const Shape from = c.b.shape(c.operand(0));
  const Shape to = c.b.shape(c.value);
  const Integers dims = c.node().attrs.integers("dims");
  Integers summed;
  for (size_t d = 0; d < to.size(); ++d) {
    auto found = std::find(dims.begin(), dims.end(), static_cast<int64_t>(d));
    const bool stretched = found == dims.end() || !(from[at(found - dims.begin())] == to[d]);
    if (stretched) summed.push_back(static_cast<int64_t>(d));
  }
  c.add(0, reshape(c.b, reduce_sum(c.b, c.gradient, summed), from));
}

void grad_reshape(GradContext& c) {
  c.add(0, reshape(c.b, c.gradient, c.b.shape(c.operand(0))));
}

void grad_transpose(GradContext& c) {
  const Integers perm = c.node().attrs.integers("perm");
  Integers inverse(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) inverse[at(perm[i])] = static_cast<int64_t>(i);
  c.add(0, transpose(c.b, c.gradient, inverse));
}

// Spreads a gradient with stride s over every s-th element: (.., n, ..) -> (.., n, 1, ..) -> pad -> (.., n*s, ..).
ValueId dilate(Builder& b, ValueId x, size_t axis, int64_t stride) {
  if (stride == 1) return x;
  Shape shape = b.shape(x), split = shape;
  split.insert(split.begin() + static_cast<int64_t>(axis) + 1, Dim{1, false});
  Integers low(split.size(), 0), high(split.size(), 0);
  high[axis + 1] = stride - 1;
  ValueId padded = pad(b, reshape(b, x, split), low, high, 0);
  shape[axis].size *= stride;
  return reshape(b, padded, shape);
}

void grad_slice(GradContext& c) {
  const Shape from = c.b.shape(c.operand(0));
  const Attrs attrs = c.node().attrs;
  const Integers &starts = attrs.integers("starts"), &strides = attrs.integers("strides");
  ValueId g = c.gradient;
  Integers low(from.size(), 0), high(from.size(), 0);
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i].batched) continue;
    g = dilate(c.b, g, i, strides[i]);
    low[i] = starts[i];
    high[i] = from[i].size - starts[i] - c.b.shape(g)[i].size;
    if (high[i] >= 0) continue;
    // the zeros after the last element reach past the operand's end
    Integers begin(from.size(), 0), ones(from.size(), 1), sizes;
    for (const Dim& dim : c.b.shape(g)) sizes.push_back(dim.size);
    sizes[i] += high[i];
    g = slice(c.b, g, begin, sizes, ones);
    high[i] = 0;
  }
  c.add(0, pad(c.b, g, low, high, 0));
}

void grad_pad(GradContext& c) {
  Integers sizes;
  for (const Dim& dim : c.b.shape(c.operand(0))) sizes.push_back(dim.size);
  const Integers low = c.node().attrs.integers("low");
  c.add(0, slice(c.b, c.gradient, low, sizes, Integers(low.size(), 1)));
}

void grad_concat(GradContext& c) {
  const size_t axis = at(c.node().attrs.integer("axis"));
  const std::vector<ValueId> parts = c.node().inputs;
  int64_t start = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    Integers sizes;
    for (const Dim& dim : c.b.shape(parts[i])) sizes.push_back(dim.size);
    Integers starts(sizes.size(), 0);
    starts[axis] = start;
    start += sizes[axis];
    if (c.needs(static_cast<int>(i)))
      c.add(static_cast<int>(i), slice(c.b, c.gradient, starts, sizes, Integers(sizes.size(), 1)));
  }
}

void grad_reverse(GradContext& c) {
  c.add(0, reverse(c.b, c.gradient, c.node().attrs.integer("axis")));
}

}  // namespace

std::vector<OpInfo> shape_ops() {
  return {{OpKind::kBroadcast, "broadcast", OpCategory::kMovement, broadcast_type, grad_broadcast},
          {OpKind::kReshape, "reshape", OpCategory::kMovement, reshape_type, grad_reshape},
          {OpKind::kTranspose, "transpose", OpCategory::kMovement, transpose_type, grad_transpose},
          {OpKind::kSlice, "slice", OpCategory::kMovement, slice_type, grad_slice},
          {OpKind::kPad, "pad", OpCategory::kMovement, pad_type, grad_pad},
          {OpKind::kConcat, "concat", OpCategory::kMovement, concat_type, grad_concat},
          {OpKind::kReverse, "reverse", OpCategory::kMovement, reverse_type, grad_reverse}};
}

ValueId broadcast_to(Builder& b, ValueId x, const Shape& shape) {
  const int64_t rank = b.type(x).rank();
  Integers dims(at(rank));
  std::iota(dims.begin(), dims.end(), static_cast<int64_t>(shape.size()) - rank);
  return broadcast_in_dims(b, x, shape, dims);
}

ValueId broadcast_in_dims(Builder& b, ValueId x, const Shape& shape, const Integers& dims) {
  if (b.shape(x) == shape) return x;
  return b.node(OpKind::kBroadcast, {x}, {{"shape", shape}, {"dims", dims}});
}

ValueId reshape(Builder& b, ValueId x, const Shape& shape) {
  if (b.shape(x) == shape) return x;
  return b.node(OpKind::kReshape, {x}, {{"shape", shape}});
}

ValueId transpose(Builder& b, ValueId x, const Integers& perm) {
  if (std::is_sorted(perm.begin(), perm.end())) return x;
  return b.node(OpKind::kTranspose, {x}, {{"perm", perm}});
}

ValueId slice(Builder& b, ValueId x, const Integers& starts, const Integers& sizes, const Integers& strides) {
  return b.node(OpKind::kSlice, {x}, {{"starts", starts}, {"sizes", sizes}, {"strides", strides}});
}

ValueId pad(Builder& b, ValueId x, const Integers& low, const Integers& high, double value) {
  const auto none = [](int64_t n) { return n == 0; };
  if (std::all_of(low.begin(), low.end(), none) && std::all_of(high.begin(), high.end(), none)) return x;
  return b.node(OpKind::kPad, {x}, {{"low", low}, {"high", high}, {"value", value}});
}

ValueId concat(Builder& b, const std::vector<ValueId>& parts, int64_t axis) {
  if (parts.size() == 1) return parts[0];
  const int64_t rank = b.type(parts.at(0)).rank();
  return b.node(OpKind::kConcat, parts, {{"axis", axis < 0 ? axis + rank : axis}});
}

ValueId reverse(Builder& b, ValueId x, int64_t axis) {
  return b.node(OpKind::kReverse, {x}, {{"axis", axis < 0 ? axis + b.type(x).rank() : axis}});
}

ValueId iota(Builder& b, const Shape& shape, int64_t axis) {
  return b.node(OpKind::kIota, {},
                {{"shape", shape}, {"axis", axis < 0 ? axis + static_cast<int64_t>(shape.size()) : axis}});
}

}  // namespace kcc
