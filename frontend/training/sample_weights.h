// Weights of samples, (B) or of their steps (B, T), and masks of outputs, bool (B, ...), as losses and metrics apply
// them.
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

// (B, ...) -> (B, ..., 1, ...) of the values' rank, to be multiplied with them.
ValueId align_weights(Builder& b, ValueId weights, ValueId values);

// The weights, and 0 where the mask says so; where the mask has more axes, of its rank. Mask -1: the weights as they
// are. Where the mask holds, `scale` (a scalar, or -1: 1) multiplies them.
ValueId merge_mask(Builder& b, ValueId weights, ValueId mask, ValueId scale = -1);

}  // namespace kcc
