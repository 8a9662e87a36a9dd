// Rules of simplify that move an operation before the movement of its operands:
//   f(reshape(x), reshape(y)) -> reshape(f(x, y))      so that f can join the kernel that makes x
//   f(broadcast(x), broadcast(y)) -> broadcast(f(x, y))  so that f runs over fewer elements
// for element-wise f whose operands are all moved alike or are constants.
#pragma once

#include <optional>

#include "compiler/ops/builder.h"

namespace kcc {

std::optional<ValueId> sunk(Builder& b, const Node& node);

}  // namespace kcc
