#include "frontend/optimizer_states.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/graph_context.h"

namespace kcc {
namespace {

class Declarer {
 public:
  Declarer(const Optimizer& optimizer, int32_t origin, Module& module)
      : optimizer_(optimizer), origin_(origin), module_(module) {}

  OptimizerStates run(const BoundModel& model) {
    const LearningRate& rate = optimizer_.learning_rate;
    module_.iterations = scalar({"iteration", {DType::kI32, {}}});
    if (!rate.schedule) module_.learning_rate = scalar({"learning_rate", {DType::kF32, {}}, rate.value});
    for (const BoundWeight& weight : model.weights)
      if (weight.trained) result_.weights.push_back({&weight, optimizer_.rule(described(weight)), {}});
    shared_slots();
    if (!result_.weights.empty())
      for (size_t g = 0; g < result_.weights[0].rule.groups.size(); ++g) group(g);
    for (const Slot& slot : optimizer_.scalars) result_.scalars.push_back(scalar(slot));
    return std::move(result_);
  }

 private:
  const State& state_of(const BoundWeight& weight) const { return module_.states[static_cast<size_t>(weight.state)]; }

  TrainedWeight described(const BoundWeight& weight) const {
    return {state_of(weight).name, state_of(weight).type.shape};
  }

  std::string next_path() { return fmt::format("optimizer/vars/{}", next_path_++); }

  StateId add(const std::string& name, const Slot& slot, StateRole role, int32_t origin, const std::string& path) {
    State state{name, path, role, slot.type, {}, origin};
    state.initializer.a = slot.initial;
    return add_state(module_, std::move(state));
  }

  StateId scalar(const Slot& slot) {
    return add(optimizer_.name + "/" + slot.name, slot, StateRole::kOptimizer, origin_, next_path());
  }

  StateId slot_of(const BoundWeight& weight, const Slot& slot, const std::string& path) {
    const State& of = state_of(weight);
    std::string name = of.name;
    std::replace(name.begin(), name.end(), '/', '_');
    return add(fmt::format("{}/{}_{}", optimizer_.name, name, slot.name), slot, StateRole::kSlot, of.origin, path);
  }

  // What Keras's base class keeps, before the optimizer's own.
  void shared_slots() {
    const auto declare = [&](const char* name, StateId UpdatedWeight::*state) {
      for (UpdatedWeight& w : result_.weights)
        w.*state = slot_of(*w.weight, {name, state_of(*w.weight).type}, next_path());
    };
    if (optimizer_.options.averages) declare("average", &UpdatedWeight::average);
    if (optimizer_.options.accumulated_steps > 1) declare("gradient_accumulator", &UpdatedWeight::accumulator);
    for (const UpdatedWeight& w : result_.weights)
      module_.states[static_cast<size_t>(w.weight->state)].final_value = w.average;
  }

  // Slots lie kind by kind in memory, like the weights; in files, weight by weight.
  void group(size_t g) {
    std::vector<std::vector<std::string>> paths;
    size_t most = 0;
    for (const UpdatedWeight& w : result_.weights) {
      paths.emplace_back();
      for (size_t k = 0; k < w.rule.groups[g].size(); ++k) paths.back().push_back(next_path());
      most = std::max(most, w.rule.groups[g].size());
    }
    for (size_t k = 0; k < most; ++k)
      for (size_t i = 0; i < result_.weights.size(); ++i) {
        UpdatedWeight& w = result_.weights[i];
        if (k < w.rule.groups[g].size()) w.slots.push_back(slot_of(*w.weight, w.rule.groups[g][k], paths[i][k]));
      }
  }

  const Optimizer& optimizer_;
  int32_t origin_;
  Module& module_;
  OptimizerStates result_;
  int64_t next_path_ = 0;
};

}  // namespace

OptimizerStates declare_optimizer(const BoundModel& model, const Optimizer& optimizer, int32_t origin, Module& module) {
  return Declarer(optimizer, origin, module).run(model);
}

}  // namespace kcc
