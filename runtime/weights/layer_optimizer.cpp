#include "runtime/weights/layer_optimizer.h"

#include <algorithm>
#include <string_view>

#include "runtime/weights/hdf5_names.h"

namespace kcc::runtime {
namespace {

const std::string kGroup = "optimizer_weights";

// The text between the quotes that follow `key` and a colon.
std::string_view quoted_after(std::string_view json, std::string_view key) {
  const size_t at = json.find(key);
  if (at == json.npos) return {};
  const size_t open = json.find('"', json.find(':', at));
  const size_t close = open == json.npos ? json.npos : json.find('"', open + 1);
  return close == json.npos ? std::string_view() : json.substr(open + 1, close - open - 1);
}

// "Adam", out of {"optimizer_config": {"class_name": "Adam", ...}, ...}
std::string_view optimizer_class(std::string_view json) {
  constexpr std::string_view kPackage = "Custom>";  // so TensorFlow 2.11 to 2.15 write Keras's own
  std::string_view name = quoted_after(json, "\"class_name\"");
  if (name.starts_with(kPackage)) name.remove_prefix(kPackage.size());
  return name;
}

// "training/Adam/iterations:0" -> "iterations"
std::string base_name(const std::string& name) {
  return name.substr(name.rfind('/') + 1, name.find(':', name.rfind('/') + 1) - name.rfind('/') - 1);
}

class Matcher {
 public:
  Matcher(const Program& program, const Hdf5Tree& tree, const WeightsOrigin& origin,
          const std::vector<TrainedLayer>& layers)
      : program_(program), tree_(tree), origin_(origin), layers_(layers), states_(optimizer_states(program)) {}

  Status run() {
    if (Status status = check_class(); !status) return status;
    for (const std::string& name : read_names(tree_.at(kGroup), "weight_names")) {
      const auto found = tree_.find(kGroup + "/" + name);
      if (found == tree_.end() || !found->second.dataset)
        return make_error("the file has no values of '%s'", name.c_str());
      names_.push_back(base_name(name));
      arrays_.push_back(*found->second.dataset);
    }
    const bool weight_by_weight = !names_.empty() && names_[0] == "iteration";
    return weight_by_weight ? match_in_order() : match_by_slot();
  }

  std::vector<StateValues> take() { return std::move(values_); }

 private:
  // Slots of another optimizer may have the same shapes.
  Status check_class() const {
    const auto& attributes = tree_.at("").attributes;
    const auto found = attributes.find("training_config");
    const std::string* config = found == attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
    const size_t at = config ? config->find("\"optimizer_config\"") : std::string::npos;
    if (at == std::string::npos) return {};
    const std::string theirs(optimizer_class(std::string_view(*config).substr(at)));
    const std::string ours(optimizer_class(program_.saved.optimizer));
    if (theirs == ours || theirs.empty() || ours.empty()) return {};
    return make_error("it is %s, the file's is %s", ours.c_str(), theirs.c_str());
  }

  Status add(const StateInfo& state, const Array& array) {
    if (array.shape != shape_of(state.tensor))
      return make_error("'%s' has the shape %s, in the file %s", state.tensor.name,
                        print_shape(shape_of(state.tensor)).c_str(), print_shape(array.shape).c_str());
    if (Status status = check_values("the file", state, array); !status) return status;
    values_.push_back({&state, array});
    return {};
  }

  bool is_rate(const StateInfo* state) const {
    return program_.learning_rate >= 0 && state == &program_.states[program_.learning_rate];
  }

  Error wrong_count(size_t expected) const {
    return make_error("it has %zu variables, the file %zu", expected, arrays_.size());
  }

  // A schedule's learning rate is no variable.
  Status match_in_order() {
    const bool has_rate = names_.size() > 1 && names_[1] == "learning_rate";
    if (has_rate && program_.learning_rate < 0) arrays_.erase(arrays_.begin() + 1);
    size_t at = 0;
    for (const StateInfo* state : states_) {
      if (is_rate(state) && !has_rate) continue;
      if (at == arrays_.size()) return wrong_count(states_.size());
      if (Status status = add(*state, arrays_[at++]); !status) return status;
    }
    return at == arrays_.size() ? Status() : wrong_count(states_.size());
  }

  // ---- before: the number of steps, other numbers, then slot after slot for all weights

  Status match_by_slot() {
    if (Status status = match_numbers(); !status) return status;
    size_t weights = 0, slots = 0;
    for (const TrainedLayer& layer : layers_) weights += layer.layer.trained;
    for (int32_t i = 0; i < program_.state_count; ++i) {
      const StateInfo& state = program_.states[i];
      if (state.role == Role::kSlot && is_optimizer_path(state.file_path)) slots_.push_back(&state);
    }
    slots = weights == 0 ? 0 : slots_.size() / weights;
    if (slots * weights != slots_.size()) return make_error("it keeps what Keras 2 did not");
    for (size_t slot = 0, first = 0; slot < slots; ++slot) {
      for (const TrainedLayer& layer : layers_) {
        if (Status status = match_layer(layer, first); !status) return status;
        first += layer.layer.trained;
      }
    }
    // Keras 2's Adam kept an empty maximum of each weight without amsgrad, its SGD a momentum that is not used.
    const bool idle = std::all_of(arrays_.begin() + static_cast<int64_t>(at_), arrays_.end(),
                                  [&](const Array& array) { return slots == 0 || array.elements() == 1; });
    return idle ? Status() : wrong_count(states_.size());
  }

  // Nadam has a product of its momenta beside the steps.
  Status match_numbers() {
    for (const StateInfo* state : states_) {
      const bool is_steps = program_.iterations >= 0 && state == &program_.states[program_.iterations];
      if (state->role == Role::kSlot || is_rate(state)) continue;
      const bool has = at_ < arrays_.size() && arrays_[at_].shape.empty();
      if (!has && is_steps) continue;  // Keras before 2.3 did not save them with every optimizer
      if (!has) return make_error("'%s' is not in the file", state->tensor.name);
      if (Status status = add(*state, arrays_[at_++]); !status) return status;
    }
    return {};
  }

  // Converted like the weights themselves.
  Status match_layer(const TrainedLayer& layer, size_t first_slot) {
    if (layer.arrays > arrays_.size() - at_) return wrong_count(states_.size());
    const auto begin = arrays_.begin() + static_cast<int64_t>(at_);
    std::vector<Array> arrays(begin, begin + static_cast<int64_t>(layer.arrays));
    at_ += layer.arrays;
    const std::vector<const StateInfo*>& states = layer.layer.states;
    const std::vector<const StateInfo*> weights(states.begin(),
                                                states.begin() + static_cast<int64_t>(layer.layer.trained));
    int64_t found = 0, expected = 0;
    for (const Array& array : arrays) found += array.elements();
    for (const StateInfo* weight : weights) expected += weight->tensor.elements;
    // NVIDIA's two biases of an LSTM became one: their slots do not add up.
    if (found != expected) return make_error("the file has layer '%s' in another layout", layer.layer.name.c_str());
    Result<std::vector<Array>> converted = from_old_layouts(origin_, layer.layer.name, weights, std::move(arrays));
    if (!converted) return converted.error();
    for (size_t i = 0; i < weights.size(); ++i)
      if (Status status = add(*slots_[first_slot + i], (*converted)[i]); !status) return status;
    return {};
  }

  const Program& program_;
  const Hdf5Tree& tree_;
  const WeightsOrigin& origin_;
  const std::vector<TrainedLayer>& layers_;
  const std::vector<const StateInfo*> states_;
  std::vector<const StateInfo*> slots_;  // slot after slot
  std::vector<std::string> names_;
  std::vector<Array> arrays_;
  size_t at_ = 0;
  std::vector<StateValues> values_;
};

}  // namespace

std::vector<StateValues> match_layer_optimizer(const Program& program, const Hdf5Tree& tree,
                                               const WeightsOrigin& origin, const std::vector<TrainedLayer>& layers,
                                               std::string& note) {
  if (!tree.count(kGroup) || optimizer_states(program).empty()) return {};
  Matcher matcher(program, tree, origin, layers);
  const Status status = matcher.run();
  if (status) return matcher.take();
  note = status.error().message;
  return {};
}

}  // namespace kcc::runtime
