#include "compiler/passes/roots.h"

#include <algorithm>

#include "compiler/ops/op.h"

namespace kcc {
namespace {

// Inlined work that several kernels would repeat is a root from this many operations on.
constexpr int64_t kMaxRepeatedOps = 6;

bool is_movement_of_data(const Node& node) {
  return info(node.op).category == OpCategory::kMovement && node.op != OpKind::kBroadcast;
}

// Drawn once, in a kernel of its own (passes/draw_masks.h).
bool is_mask(const Node& node) {
  return node.op == OpKind::kRandomUniform && node.type.dtype == DType::kBool;
}

// Values made of constants and extents alone: compilers move them out of loops by themselves.
std::vector<bool> find_uniform(const Graph& graph) {
  std::vector<bool> uniform(graph.nodes.size(), false);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.op == OpKind::kConstant || node.op == OpKind::kExtent) uniform[i] = true;
    if (info(node.op).category != OpCategory::kElementwise || !node.type.shape.empty()) continue;
    uniform[i] = std::all_of(node.inputs.begin(), node.inputs.end(),
                             [&](ValueId v) { return bool(uniform[static_cast<size_t>(v)]); });
  }
  return uniform;
}

// Random numbers are made in flat loops of their own, so what they are combined with is computed before, in the kernel
// that makes its operands.
void force_operands_beside_random(const Graph& graph, std::vector<bool>& forced) {
  std::vector<bool> random(graph.nodes.size(), false);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    random[i] = node.op == OpKind::kRandomUniform;
    for (ValueId v : node.inputs)
      if (random[static_cast<size_t>(v)] && !forced[static_cast<size_t>(v)]) random[i] = true;
    if (!random[i] || info(node.op).category != OpCategory::kElementwise) continue;
    for (ValueId v : node.inputs)
      if (!random[static_cast<size_t>(v)] && info(graph[v].op).category == OpCategory::kElementwise)
        forced[static_cast<size_t>(v)] = true;
  }
}

// Values that some user needs as a whole.
std::vector<bool> forced_roots(const Graph& graph) {
  const std::vector<bool> uniform = find_uniform(graph);
  std::vector<bool> forced(graph.nodes.size(), false);
  const auto force = [&](ValueId v) { forced[static_cast<size_t>(v)] = true; };
  for (const Node& node : graph.nodes) {
    const OpCategory category = info(node.op).category;
    if (node.op == OpKind::kGather) force(node.inputs[0]);  // rows are read at random
    for (ValueId input : node.inputs) {
      const Node& operand = graph[input];
      const bool moved = is_movement_of_data(node) && !(is_movement_of_data(operand) && operand.op != OpKind::kReshape);
      // stretched: each element would be computed many times
      const bool stretched = node.op == OpKind::kBroadcast && !uniform[static_cast<size_t>(input)];
      const bool looped =
          category == OpCategory::kScatter || category == OpCategory::kExchange || node.op == OpKind::kScan;
      if (category == OpCategory::kProduct || category == OpCategory::kPool || node.op == OpKind::kReshape || moved ||
          stretched || looped)
        force(input);
    }
  }
  for (ValueId v = 0; v < graph.size(); ++v)
    if (is_mask(graph[v])) force(v);
  for (const NamedValue& output : graph.outputs) force(output.value);
  for (const StateWrite& write : graph.writes) force(write.value);
  force_operands_beside_random(graph, forced);
  return forced;
}

std::vector<int64_t> count_users(const Graph& graph) {
  std::vector<int64_t> users(graph.nodes.size(), 0);
  for (const Node& node : graph.nodes)
    for (ValueId input : node.inputs) ++users[static_cast<size_t>(input)];
  return users;
}

}  // namespace

bool is_given(const Node& node) {
  return node.op == OpKind::kInput || node.op == OpKind::kState;
}

bool is_anchor(const Node& node) {
  const OpCategory category = info(node.op).category;
  return category == OpCategory::kProduct || category == OpCategory::kPool || category == OpCategory::kReduction ||
         category == OpCategory::kScatter || category == OpCategory::kLoop || category == OpCategory::kExchange;
}

std::vector<bool> find_roots(const Graph& graph) {
  const std::vector<bool> forced = forced_roots(graph);
  const std::vector<int64_t> users = count_users(graph);
  std::vector<bool> roots(graph.nodes.size(), false);
  std::vector<int64_t> inlined(graph.nodes.size(), 0);  // operations that reading the value would repeat
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (is_given(node) || node.op == OpKind::kReshape) continue;
    int64_t work = 1;
    for (ValueId input : node.inputs) work += inlined[static_cast<size_t>(input)];
    const bool leaf = info(node.op).category == OpCategory::kLeaf;
    const bool dear = !info(node.op).cheap || work >= kMaxRepeatedOps;
    roots[i] = is_anchor(node) || forced[i] || (users[i] > 1 && dear && !leaf);
    inlined[i] = roots[i] ? 0 : leaf ? 0 : work;
  }
  return roots;
}

}  // namespace kcc
