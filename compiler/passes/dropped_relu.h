// A step of simplify: where a rectified value is dropped, y = select(kept, s relu(x), 0) with s >= 1, y > 0 holds where
// kept and relu(x) > 0 both do. So the gradient with respect to x needs neither the mask nor relu(x), but y alone,
// which the next layer's gradients read anyway.
#pragma once

#include <optional>

#include "compiler/ops/builder.h"

namespace kcc {

// `node`, a value about to enter `b`'s graph, without the mask, if it is such a gradient.
std::optional<ValueId> without_dropped_mask(Builder& b, const Node& node);

}  // namespace kcc
