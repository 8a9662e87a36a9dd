#include "runtime/weights/program_layers.h"

#include <algorithm>

namespace kcc::runtime {

std::vector<ProgramLayer> layers_of(const Program& program) {
  std::vector<ProgramLayer> layers;
  for (int32_t i = 0; i < program.state_count; ++i) {
    const StateInfo& state = program.states[i];
    if (!*state.layer || (state.role != Role::kWeight && state.role != Role::kStatistic)) continue;
    const auto same = [&](const ProgramLayer& layer) { return layer.name == state.layer; };
    auto at = std::find_if(layers.begin(), layers.end(), same);
    if (at == layers.end()) at = layers.insert(at, ProgramLayer{state.layer, {}});
    at->states.push_back(&state);
    at->trained += state.role == Role::kWeight;
  }
  for (ProgramLayer& layer : layers)
    std::stable_partition(layer.states.begin(), layer.states.end(),
                          [](const StateInfo* state) { return state->role == Role::kWeight; });
  return layers;
}

}  // namespace kcc::runtime
