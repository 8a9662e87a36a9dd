// Expressions that layers and losses share, composed of operations.
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

ValueId at_least(Builder& b, ValueId x, double y);  // x >= y
ValueId at_most(Builder& b, ValueId x, double y);   // x <= y
// log(1 + exp(x)) without overflow; its gradient is exactly sigmoid(x), at 0 too.
ValueId softplus(Builder& b, ValueId x);

}  // namespace kcc
