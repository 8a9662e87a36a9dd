// Gates of a recurrent cell: a product of the state whose columns fall into equal parts, one a gate, which element-wise
// work then combines unit by unit.
#pragma once

#include "compiler/ir/graph.h"

namespace kcc {

// How many parts all that depends on the product takes of it, itself or after element-wise work on the whole; 1 where
// anything reads it in another way or the weights are many.
int64_t gates_of(const Graph& step, ValueId product);

// Whether `slice` is one of `gates` equal parts of its operand's last dimension.
bool is_gate(const Graph& step, const Node& slice, int64_t gates);

}  // namespace kcc
