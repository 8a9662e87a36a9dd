// Rules of simplify that leave out of a reduction what it need not walk: axes with an extent of 1, and axes along which a
// broadcast repeats one value. A sum of n equal values becomes n times the value, which is the better rounded of the two.
#pragma once

#include <optional>

#include "compiler/ops/builder.h"

namespace kcc {

std::optional<ValueId> smaller_reduction(Builder& b, const Node& node);

}  // namespace kcc
