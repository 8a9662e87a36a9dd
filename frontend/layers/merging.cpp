// Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

std::string list_of(const Shapes& shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "" : ", ") + keras_shape(shape);
  return text;
}

// Extents of 1 are put behind the batch until the rank is reached, as Keras does.
Shape of_rank(Shape shape, size_t rank) {
  if (shape.size() < rank) shape.insert(shape.begin() + 1, rank - shape.size(), Dim{});
  return shape;
}

size_t largest_rank(const Shapes& shapes) {
  size_t rank = 0;
  for (const Shape& shape : shapes) rank = std::max(rank, shape.size());
  return rank;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape result = a;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i] || a[i].is_one() || b[i].is_one())) return std::nullopt;
    if (a[i].is_one()) result[i] = b[i];
  }
  return result;
}

ValueId both(Builder& b, OpKind op, ValueId x, ValueId y) {
  return x < 0 ? y : y < 0 ? x : binary(b, op, x, y);
}

bool all_masked(const Tensors& inputs) {
  return std::all_of(inputs.begin(), inputs.end(), [](const Tensor& input) { return input.mask >= 0; });
}

// What counts in any of the inputs; nothing where one of them has no mask: base_merge.py, compute_mask.
ValueId any_mask(Builder& b, const Tensors& inputs) {
  ValueId mask = -1;
  if (!all_masked(inputs)) return mask;
  for (const Tensor& input : inputs) mask = both(b, OpKind::kOr, mask, input.mask);
  return mask;
}

// (B, T) -> (B, T, C), that of the value.
ValueId stretched_mask(Builder& b, const Tensor& input) {
  if (input.mask < 0) return -1;
  const Shape shape = b.shape(input.value);
  Shape column = b.shape(input.mask);
  column.push_back(Dim{});
  return broadcast_to(b, reshape(b, input.mask, column), shape);
}

// ---- what is done to inputs of equal rank, whose masks Keras's own call still sees

using Combine = ValueId (*)(Builder&, const Tensors&);

template <OpKind op>
ValueId fold(Builder& b, const Tensors& inputs) {
  ValueId result = -1;
  for (const Tensor& input : inputs) result = both(b, op, result, input.value);
  return result;
}

ValueId average(Builder& b, const Tensors& inputs) {
  return div(b, fold<OpKind::kAdd>(b, inputs), static_cast<double>(inputs.size()));
}

// What is masked counts as 1, and is 0 in the end where it is masked everywhere: multiply.py, _merge_function.
ValueId multiply(Builder& b, const Tensors& inputs) {
  ValueId product = -1, any = -1;
  for (const Tensor& input : inputs) {
    ValueId x = input.value;
    if (const ValueId mask = stretched_mask(b, input); mask >= 0) {
      x = select(b, mask, x, constant(b, 1.0));
      any = both(b, OpKind::kOr, any, mask);
    }
    product = both(b, OpKind::kMul, product, x);
  }
  return any >= 0 && all_masked(inputs) ? select(b, any, product, constant(b, 0.0)) : product;
}

// What is masked gives way to the others: base_merge.py, _apply_merge_op_and_or_mask.
template <OpKind op>
ValueId extremum(Builder& b, const Tensors& inputs) {
  ValueId result = inputs[0].value, counted = stretched_mask(b, inputs[0]);
  for (size_t i = 1; i < inputs.size(); ++i) {
    ValueId x = inputs[i].value;
    const ValueId mask = stretched_mask(b, inputs[i]);
    if (mask >= 0) x = select(b, mask, x, result);
    if (counted >= 0) result = select(b, counted, result, x);
    counted = mask >= 0 && counted >= 0 ? binary(b, OpKind::kOr, counted, mask) : -1;
    result = binary(b, op, result, x);
  }
  return result;
}

// Whether masks matter to the values, for which they must have all dimensions but the last.
enum class Masks { kHandedOn, kUsed };

LayerBody merging(LayerConfig& c, Combine combine, Masks masks = Masks::kHandedOn) {
  LayerBody body;
  body.max_inputs = std::numeric_limits<size_t>::max();
  body.infer = [misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    const size_t rank = largest_rank(inputs);
    Shape result = of_rank(inputs[0], rank);
    for (const Shape& shape : inputs) {
      const auto merged = broadcast(result, of_rank(shape, rank));
      if (!merged) return misfit(fmt::format("{} needs inputs of equal shape, not {}", name, list_of(inputs)));
      result = *merged;
    }
    return result;
  };
  body.call_all = [=, misfit = Misfit(c), name = c.subject()](CallScope& scope, const Tensors& given) {
    Builder& b = scope.b;
    Shapes shapes;
    for (const Tensor& input : given) shapes.push_back(b.shape(input.value));
    const size_t rank = largest_rank(shapes);
    // Reshaping loses the masks: they are handed on, but the values do not see them.
    const bool reshaped =
        std::any_of(shapes.begin(), shapes.end(), [&](const Shape& shape) { return shape.size() != rank; });
    Tensors inputs;
    for (size_t i = 0; i < given.size(); ++i) {
      ValueId mask = reshaped || masks == Masks::kHandedOn ? -1 : given[i].mask;
      if (mask >= 0 && b.shape(mask).size() + 1 != rank) {
        misfit(fmt::format("{} has an input {} with a mask {}, which does not say what counts in it", name,
                           keras_shape(shapes[i]), keras_shape(b.shape(mask))));
        mask = -1;
      }
      inputs.push_back({reshape(b, given[i].value, of_rank(shapes[i], rank)), mask});
    }
    const ValueId value = combine(b, inputs);
    return Tensors{{value, any_mask(b, given)}};
  };
  return body;
}

// ---- concatenation

// The mask of an input as concatenate.py sees it, without the last dimension; all ones where there is none.
ValueId whole_mask(Builder& b, const Tensor& input) {
  if (input.mask >= 0) return input.mask;
  Shape shape = b.shape(input.value);
  shape.pop_back();
  return broadcast_to(b, constant(b, 1.0, DType::kBool), shape);
}

// Keras joins the masks, stretched over the channels, along the axis and keeps what counts in any channel.
ValueId joined_mask(Builder& b, const Tensors& inputs, size_t axis) {
  const bool none = std::all_of(inputs.begin(), inputs.end(), [](const Tensor& input) { return input.mask < 0; });
  if (none) return -1;
  std::vector<ValueId> masks;
  for (const Tensor& input : inputs) masks.push_back(whole_mask(b, input));
  const size_t rank = b.shape(inputs[0].value).size();
  if (axis + 1 < rank) return concat(b, masks, static_cast<int64_t>(axis));
  ValueId mask = -1;
  for (ValueId one : masks) mask = both(b, OpKind::kOr, mask, one);
  return mask;
}

}  // namespace

LayerBody add_layer(LayerConfig& c) {
  return merging(c, fold<OpKind::kAdd>);
}
LayerBody average_layer(LayerConfig& c) {
  return merging(c, average);
}
LayerBody maximum_layer(LayerConfig& c) {
  return merging(c, extremum<OpKind::kMax>, Masks::kUsed);
}
LayerBody minimum_layer(LayerConfig& c) {
  return merging(c, extremum<OpKind::kMin>, Masks::kUsed);
}
LayerBody multiply_layer(LayerConfig& c) {
  return merging(c, multiply, Masks::kUsed);
}
LayerBody subtract_layer(LayerConfig& c) {
  LayerBody body = merging(c, fold<OpKind::kSub>);
  body.min_inputs = body.max_inputs = 2;
  return body;
}

LayerBody concatenate(LayerConfig& c) {
  const int64_t axis = c.integer("axis", -1);
  LayerBody body;
  body.max_inputs = std::numeric_limits<size_t>::max();
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    Shape result = inputs[0];
    const auto at = positive_axis(axis, result.size());
    if (!at || *at == 0)
      return misfit(fmt::format("axis {} of Concatenate does not fit the inputs {}", axis, list_of(inputs)));
    int64_t& extent = result[static_cast<size_t>(*at)].size;
    for (size_t i = 1; i < inputs.size(); ++i) {
      Shape other = inputs[i];
      const int64_t more = other.size() == result.size() ? other[static_cast<size_t>(*at)].size : 0;
      if (more > 0) other[static_cast<size_t>(*at)].size = extent;
      if (other != result)
        return misfit(
            fmt::format("Concatenate needs inputs that differ along axis {} only, not {}", axis, list_of(inputs)));
      extent += more;
    }
    return result;
  };
  body.call_all = [=, misfit = Misfit(c)](CallScope& scope, const Tensors& inputs) {
    Builder& b = scope.b;
    const size_t rank = b.shape(inputs[0].value).size();
    Tensors parts = inputs;
    std::vector<ValueId> values;
    for (Tensor& input : parts) {
      values.push_back(input.value);
      if (input.mask < 0 || b.shape(input.mask).size() + 1 == rank) continue;
      misfit(fmt::format("Concatenate has an input {} with a mask {}, which does not say what counts in it",
                         keras_shape(b.shape(input.value)), keras_shape(b.shape(input.mask))));
      input.mask = -1;
    }
    const ValueId value = concat(b, values, axis);
    return Tensors{{value, joined_mask(b, parts, static_cast<size_t>(*positive_axis(axis, rank)))}};
  };
  return body;
}

}  // namespace kcc
