// verify: aborts with a message if a graph breaks an invariant: operands come before their users, every type is what
// the operation's shape rule says, outputs and writes exist, each state is written at most once; the same of the bodies
// of loops.
#pragma once

#include "compiler/ir/module.h"

namespace kcc {

void verify(const Graph& graph, const Module& module);

}  // namespace kcc
