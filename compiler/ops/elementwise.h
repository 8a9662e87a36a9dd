// Element-wise operations. Gradients at ties and kinks are those of Keras: max(a, b) at a == b is left to the layer
// that builds it (relu is select(x > 0, x, 0): 0 at 0); abs has gradient sign(x), 0 at 0.
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

// max and min as Keras's relu, clip and maximum have them: at a tie the gradient goes where `tie` says.
// relu(x) = select(x > 0, x, 0), written so that NaN stays NaN.
ValueId relu(Builder& b, ValueId x);
// Gradient 1 inside and at the bounds, 0 outside, NaN stays NaN.
ValueId clip(Builder& b, ValueId x, double low, double high);

}  // namespace kcc
