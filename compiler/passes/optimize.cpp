#include "compiler/passes/optimize.h"

#include "compiler/ir/verify.h"
#include "compiler/passes/choose_layouts.h"
#include "compiler/passes/decompose.h"
#include "compiler/passes/draw_masks.h"
#include "compiler/passes/eliminate_dead.h"
#include "compiler/passes/hoist.h"
#include "compiler/passes/narrow_scans.h"
#include "compiler/passes/simplify.h"

namespace kcc {
namespace {

using Pass = Graph (*)(const Graph&);

// The pass on the graph and on the bodies of its loops.
Graph with_bodies(const Graph& graph, Pass pass) {
  Graph result = pass(graph);
  for (Node& node : result.nodes)
    if (node.body) node.body = std::make_shared<const Graph>(pass(*node.body));
  return result;
}

}  // namespace

Graph optimize(const Graph& graph, const Module& module) {
  static constexpr Pass kPasses[] = {eliminate_dead, narrow_scans,   eliminate_dead, decompose,      simplify,
                                     eliminate_dead, choose_layouts, simplify,       eliminate_dead, simplify,
                                     eliminate_dead, hoist,          narrow_scans,   draw_masks,     eliminate_dead};
  Graph result = graph;
  for (Pass pass : kPasses) {
    result = with_bodies(result, pass);
    verify(result, module);
  }
  return result;
}

}  // namespace kcc
