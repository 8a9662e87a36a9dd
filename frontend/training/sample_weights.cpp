#include "frontend/training/sample_weights.h"

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "compiler/support/check.h"

namespace kcc {

ValueId align_weights(Builder& b, ValueId weights, ValueId values) {
  Shape shape = b.shape(weights);
  KCC_CHECK(shape.size() <= b.shape(values).size(), "values of as many axes as their weights");
  shape.resize(b.shape(values).size());
  return reshape(b, weights, shape);
}

ValueId merge_mask(Builder& b, ValueId weights, ValueId mask, ValueId scale) {
  if (mask < 0) return weights;
  ValueId counted = cast(b, mask, DType::kF32);
  if (scale >= 0) counted = mul(b, counted, scale);
  if (b.type(weights).rank() > b.type(counted).rank()) return mul(b, align_weights(b, counted, weights), weights);
  return mul(b, counted, align_weights(b, weights, counted));
}

}  // namespace kcc
