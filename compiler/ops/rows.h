// Operations on rows, with gradients written by hand because differentiating their definition would lose accuracy
// and time; the decompose pass turns them into element-wise operations and reductions afterwards.
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

// exp(x - max) / sum(exp(x - max)) along the last axis.
ValueId softmax(Builder& b, ValueId x);
// x - max - log(sum(exp(x - max))) along the last axis.
ValueId log_softmax(Builder& b, ValueId x);
// (x - mean(x)) / sqrt(variance(x) + epsilon) over the axes; the batch may be one of them.
ValueId normalize(Builder& b, ValueId x, const std::vector<int64_t>& axes, double epsilon);

}  // namespace kcc
