// Panels: the weights of a product in the order in which its kernel reads them, so that rows of many columns do not lie
// a power of two apart. A product (M, K) x (tiles, K, gates, lanes) -> (M, gates * tiles * lanes): column
// (gate * tiles + tile) * lanes + lane is element (tile, k, gate, lane). With more than one gate, the same unit's
// columns of all gates lie together.
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

// Whether the product's right operand is panels.
bool has_panels(const Graph& graph, const Node& product);

// Lanes of a panel for so many columns a gate; 0 where whole panels do not make them up.
int64_t panel_lanes(int64_t columns, int64_t gates);

// The panels of weights (K, N), or with `transposed` (N, K).
ValueId panels_of(Builder& b, ValueId weights, bool transposed, int64_t gates, int64_t lanes);

}  // namespace kcc
