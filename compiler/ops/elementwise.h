// Element-wise operations. Gradients at ties and kinks are those of Keras: each operand takes half at a tie of max and
// min; abs has gradient sign(x), 0 at 0.
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

// A scalar of the given value; binary() broadcasts it.
ValueId constant(Builder& b, double value, DType dtype = DType::kF32);
ValueId cast(Builder& b, ValueId x, DType dtype);

ValueId unary(Builder& b, OpKind op, ValueId x);
// Broadcasts as NumPy does: shapes are aligned at the right, extents of 1 stretch.
ValueId binary(Builder& b, OpKind op, ValueId x, ValueId y);
ValueId select(Builder& b, ValueId condition, ValueId x, ValueId y);

// Shorthands over the above.
ValueId add(Builder& b, ValueId x, ValueId y);
ValueId sub(Builder& b, ValueId x, ValueId y);
ValueId mul(Builder& b, ValueId x, ValueId y);
ValueId div(Builder& b, ValueId x, ValueId y);
ValueId add(Builder& b, ValueId x, double y);
ValueId sub(Builder& b, ValueId x, double y);
ValueId sub(Builder& b, double x, ValueId y);
ValueId mul(Builder& b, ValueId x, double y);
ValueId div(Builder& b, ValueId x, double y);
ValueId div(Builder& b, double x, ValueId y);
ValueId neg(Builder& b, ValueId x);
ValueId square(Builder& b, ValueId x);

ValueId greater(Builder& b, ValueId x, double y);
ValueId less(Builder& b, ValueId x, double y);

// x <= 0 ? 0 : x, so that NaN stays NaN; gradient 0 at 0.
ValueId relu(Builder& b, ValueId x);
// x, without a gradient; differentiation done, it is x itself.
ValueId stop_gradient(Builder& b, ValueId x);
// Gradient 1 inside and at the bounds, 0 outside, NaN stays NaN.
ValueId clip(Builder& b, ValueId x, double low, double high);

}  // namespace kcc
