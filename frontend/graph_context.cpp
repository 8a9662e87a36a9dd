#include "frontend/graph_context.h"

#include "compiler/ops/leaf.h"

namespace kcc {

ValueId GraphContext::read(StateId state_id) {
  const auto [at, is_new] = reads_.emplace(state_id, -1);
  if (is_new) {
    const State& s = module_.states[static_cast<size_t>(state_id)];
    Builder b{graph_, s.origin};
    Type type = s.type;
    if (s.role == StateRole::kMemory) type.shape[0] = Dim{1, true};
    at->second = state(b, state_id, type);
  }
  return at->second;
}

ValueId GraphContext::current(StateId state_id) {
  const auto at = updates_.find(state_id);
  return at == updates_.end() ? read(state_id) : at->second;
}

ValueId GraphContext::random_key() {
  if (module_.random_key < 0) {
    State key{"random_key", "", StateRole::kRandom, {DType::kU32, fixed_shape({4})}, {}, -1};
    key.initializer.kind = Initializer::Kind::kSeed;
    module_.random_key = add_state(module_, std::move(key));
  }
  return read(module_.random_key);
}

void GraphContext::finish() {
  for (const auto& [state_id, value] : updates_) graph_.writes.push_back({state_id, value});
}

StateId add_state(Module& module, State state) {
  module.states.push_back(std::move(state));
  return static_cast<StateId>(module.states.size()) - 1;
}

int32_t add_origin(Module& module, std::string name, std::string class_name) {
  module.origins.push_back({std::move(name), std::move(class_name)});
  return static_cast<int32_t>(module.origins.size()) - 1;
}

}  // namespace kcc
