// GraphRewriter: what passes that make a new graph from an old one share: nodes are visited in order, operands are
// already those of the new graph, and signature, outputs and writes are carried over.
#pragma once

#include <functional>

#include "compiler/ops/builder.h"

namespace kcc {

// `visit` gets a copy of each old node with new operands and returns its value in the new graph.
Graph rewrite(const Graph& graph, const std::function<ValueId(Builder& b, Node node)>& visit);

}  // namespace kcc
