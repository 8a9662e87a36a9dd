// optimize: the passes between the frontend's graph and fusion, in order, each verified.
#pragma once

#include "compiler/ir/module.h"

namespace kcc {

Graph optimize(const Graph& graph, const Module& module);

}  // namespace kcc
