// differentiate: appends the gradient of a scalar to a graph (reverse mode), by the operations' own rules.
#pragma once

#include <vector>

#include "compiler/ops/builder.h"

namespace kcc {

// dL/dv for each value in `with_respect_to` (a value that L does not depend on gets zeros). L must be an f32 scalar.
// Contributions of several uses are summed, so a state that is read twice has one gradient if both reads are the
// same node. New nodes take the origin of the node they differentiate.
std::vector<ValueId> differentiate(Graph& graph, ValueId loss, const std::vector<ValueId>& with_respect_to);

// What flows into the graph from outside: the gradient of `value` is `gradient` (both of the graph), before what the
// graph itself adds to it.
struct Cotangent {
  ValueId value;
  ValueId gradient;
};
// The same for several values whose gradients are given.
std::vector<ValueId> differentiate(Graph& graph, const std::vector<Cotangent>& cotangents,
                                   const std::vector<ValueId>& with_respect_to);

// Which of the graph's values depend on one of `sources` by a way on which gradients flow.
std::vector<bool> differentiable_dependents(const Graph& graph, const std::vector<ValueId>& sources);

}  // namespace kcc
