// A rule of simplify: parts of one whole, each padded with zeros and added up, are a concatenation. The gradients of
// slices look like that.
#pragma once

#include <optional>

#include "compiler/ops/builder.h"

namespace kcc {

std::optional<ValueId> joined_pads(Builder& b, const Node& node);

}  // namespace kcc
