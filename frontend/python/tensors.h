// Tensors: what Keras does around every operation: numbers become tensors, dtypes are promoted, shapes broadcast.
// Everything is checked here, because the graph's builders abort on operands that do not fit.
#pragma once

#include "frontend/python/context.h"

namespace kcc::python {

// Numbers, extents and (nested) lists of numbers and tensors become tensors.
std::optional<ValueId> to_tensor(Context& c, Mark mark, const Value& value);
// The same as f32.
std::optional<ValueId> to_float(Context& c, Mark mark, const Value& value);

// Whether kernels cannot index such a tensor, or two of its dimensions depend on the batch.
bool unusable(const Shape& shape);
// `x` of shape `shape`, unless it would be unusable.
bool check_shape(Context& c, Mark mark, const Shape& shape);

std::optional<Shape> broadcast_shapes(Context& c, Mark mark, const std::vector<Shape>& shapes);

// Two operands of one dtype and of shapes that broadcast. Keras's promotion: bool < int < float; a Python number does
// not make an f32 of ... an f32 anything else.
struct Operands {
  ValueId x = -1, y = -1;
};
std::optional<Operands> promote(Context& c, Mark mark, const Value& x, const Value& y);

// Stacks along a new axis, which must fit.
std::optional<ValueId> stack_tensors(Context& c, Mark mark, const std::vector<ValueId>& parts, int64_t axis);
std::optional<ValueId> concat_tensors(Context& c, Mark mark, std::vector<ValueId> parts, int64_t axis);
// The largest dtype of some tensors: bool < i32 < f32.
DType common_dtype(const Builder& b, const std::vector<ValueId>& tensors);
// Keeps the element positions start, start + step, ... of a dimension; a negative step turns them.
std::optional<ValueId> take_range(Context& c, Mark mark, ValueId x, size_t axis, int64_t start, int64_t count,
                                  int64_t step);
ValueId insert_axis(Builder& b, ValueId x, size_t axis);
ValueId drop_axis(Builder& b, ValueId x, size_t axis);
// Extents from a shape's values, of which one may be -1: the rest of `whole`'s elements.
std::optional<Shape> read_shape(Context& c, Mark mark, const Value& value, const Shape* whole);

}  // namespace kcc::python
