// Values of several ranks: processes that train one model, each on its share of every batch.
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

// The sum of what the ranks have here, on every rank. x: f32.
ValueId rank_sum(Builder& b, ValueId x);

}  // namespace kcc
