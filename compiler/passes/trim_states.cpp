#include "compiler/passes/trim_states.h"

namespace kcc {
namespace {

void mark(const Graph& graph, std::vector<bool>& used) {
  for (const Node& node : graph.nodes)
    if (node.op == OpKind::kState) used[static_cast<size_t>(node.attrs.integer("index"))] = true;
  for (const StateWrite& write : graph.writes) used[static_cast<size_t>(write.state)] = true;
}

void rename(Graph& graph, const std::vector<StateId>& renamed) {
  for (Node& node : graph.nodes)
    if (node.op == OpKind::kState)
      node.attrs.set("index", int64_t{renamed[static_cast<size_t>(node.attrs.integer("index"))]});
  for (StateWrite& write : graph.writes) write.state = renamed[static_cast<size_t>(write.state)];
}

}  // namespace

void trim_states(Module& module) {
  std::vector<bool> used(module.states.size(), false);
  for (const Graph* graph :
       {&module.predict, &module.evaluate, &module.train, &module.report, &module.train_share})
    mark(*graph, used);
  std::vector<StateId> renamed(module.states.size(), -1);
  std::vector<State> kept;
  for (size_t i = 0; i < module.states.size(); ++i) {
    const StateRole role = module.states[i].role;
    if (!used[i] && role != StateRole::kWeight && role != StateRole::kStatistic) continue;
    renamed[i] = static_cast<StateId>(kept.size());
    kept.push_back(module.states[i]);
  }
  for (State& state : kept)
    if (state.final_value >= 0) state.final_value = renamed[static_cast<size_t>(state.final_value)];
  module.states = std::move(kept);
  for (Graph* graph : {&module.predict, &module.evaluate, &module.train, &module.report, &module.train_share})
    rename(*graph, renamed);
  for (StateId* id : {&module.iterations, &module.learning_rate, &module.random_key, &module.whole_batch})
    if (*id >= 0) *id = renamed[static_cast<size_t>(*id)];
  if (module.evaluate.nodes.empty()) module.metrics.clear();
}

}  // namespace kcc
