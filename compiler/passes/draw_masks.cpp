#include "compiler/passes/draw_masks.h"

#include <optional>
#include <vector>

#include "compiler/ops/random.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/constant_of.h"
#include "compiler/passes/rewrite.h"

namespace kcc {
namespace {

bool is_above(const Node& node) {
  return node.op == OpKind::kGe || node.op == OpKind::kGt;
}

// Where a uniform number is compared with a constant and 16 bits do: random_bernoulli's bound; else 0.
int64_t bound_of(const Graph& graph, const Node& node) {
  const bool above = is_above(node);
  if (!above && node.op != OpKind::kLe && node.op != OpKind::kLt) return 0;
  if (graph[node.inputs[0]].op != OpKind::kRandomUniform) return 0;
  const std::optional<double> constant = constant_of(graph, node.inputs[1]);
  return constant ? bernoulli_bound(above ? 1 - *constant : *constant) : 0;
}

// The numbers that something else reads, too, or that are compared in both directions: all of it has to agree.
std::vector<bool> find_otherwise_read(const Graph& graph) {
  std::vector<bool> read(graph.nodes.size(), false), above(read), below(read);
  for (const Node& node : graph.nodes) {
    const bool becomes_mask = bound_of(graph, node) > 0;
    std::vector<bool>& reader = !becomes_mask ? read : is_above(node) ? above : below;
    for (ValueId input : node.inputs) reader[static_cast<size_t>(input)] = true;
  }
  for (const NamedValue& output : graph.outputs) read[static_cast<size_t>(output.value)] = true;
  for (const StateWrite& write : graph.writes) read[static_cast<size_t>(write.value)] = true;
  for (size_t v = 0; v < read.size(); ++v)
    if (above[v] && below[v]) read[v] = true;
  return read;
}

}  // namespace

Graph draw_masks(const Graph& graph) {
  const std::vector<bool> otherwise_read = find_otherwise_read(graph);
  ValueId old = 0;
  return rewrite(graph, [&](Builder& b, Node node) {
    const Node& before = graph[old++];
    const int64_t below = bound_of(graph, before);
    if (below == 0 || otherwise_read[static_cast<size_t>(before.inputs[0])]) return b.graph.add(std::move(node));
    const Node numbers = b.graph[node.inputs[0]];
    const ValueId flat = random_bernoulli(b, numbers.inputs[0], {element_count(node.type.shape)}, below,
                                          numbers.attrs.integer("stream"));
    return reshape(b, flat, node.type.shape);
  });
}

}  // namespace kcc
