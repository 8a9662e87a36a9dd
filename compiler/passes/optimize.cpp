#include "compiler/passes/optimize.h"

#include "compiler/ir/verify.h"
#include "compiler/passes/choose_layouts.h"
#include "compiler/passes/decompose.h"
#include "compiler/passes/eliminate_dead.h"
#include "compiler/passes/simplify.h"

namespace kcc {

Graph optimize(const Graph& graph, const Module& module) {
  Graph result = graph;
  for (Graph (*pass)(const Graph&) : {eliminate_dead, decompose, simplify, eliminate_dead, choose_layouts, simplify,
                                     eliminate_dead, simplify, eliminate_dead}) {
    result = pass(result);
    verify(result, module);
  }
  return result;
}

}  // namespace kcc
