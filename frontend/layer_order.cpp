#include "frontend/layer_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace kcc {
namespace {

std::vector<TensorSpec> tensors_of(const CallSpec& call) {
  std::vector<TensorSpec> tensors = call.inputs;
  for (const auto& [name, more] : call.by_name) tensors.insert(tensors.end(), more.begin(), more.end());
  return tensors;
}

// keras/src/ops/function.py, map_graph and _build_map.
class Traversal {
 public:
  Traversal(const ModelSpec& model, const Report& report) : model_(model), report_(report) {
    for (size_t i = 0; i < model.layers.size(); ++i) index_[model.layers[i].name] = i;
  }

  std::optional<LayerOrder> run() {
    for (const TensorSpec& input : model_.inputs) declare_input(input);
    for (const TensorSpec& output : model_.outputs)
      if (const auto id = find(output, report_)) visit(*id);
    if (failed_) return std::nullopt;
    measure();
    return LayerOrder{finished_, sorted_layers(), is_chain()};
  }

 private:
  const LayerSpec& layer(const CallId& id) const { return model_.layers[id.layer]; }
  const CallSpec& call(const CallId& id) const { return layer(id).calls[id.call]; }

  void fail(const Report& report, json::Mark mark, std::string message, std::string hint = "") {
    report.error(mark, std::move(message), std::move(hint));
    failed_ = true;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const LayerSpec& layer : model_.layers) names.push_back(layer.name);
    return names;
  }

  std::optional<CallId> find(const TensorSpec& tensor, const Report& report) {
    const auto at = index_.find(tensor.layer);
    if (at == index_.end()) {
      fail(report, tensor.mark, fmt::format("there is no layer '{}'", tensor.layer),
           did_you_mean(tensor.layer, names()));
      return std::nullopt;
    }
    const size_t calls = model_.layers[at->second].calls.size();
    if (tensor.call < 0 || static_cast<size_t>(tensor.call) >= calls) {
      fail(report, tensor.mark,
           fmt::format("there is no call {} of layer '{}', which has {}", tensor.call, tensor.layer, calls));
      return std::nullopt;
    }
    return CallId{at->second, static_cast<size_t>(tensor.call)};
  }

  void declare_input(const TensorSpec& input) {
    const auto id = find(input, report_);
    if (!id) return;
    if (layer(*id).class_name != "InputLayer")
      fail(report_, input.mark,
           fmt::format("input '{}' is a {}, expected an InputLayer", input.layer, layer(*id).class_name));
    if (!declared_.insert(*id).second)
      fail(report_, input.mark, fmt::format("input '{}' is listed twice", input.layer));
  }

  // Depth first from an output, without recursion: models may be deep.
  void visit(CallId output) {
    struct Step {
      CallId id;
      size_t next = 0;
    };
    std::vector<Step> path;
    const auto enter = [&](CallId id) {
      if (state_[id] == kFinished) return;
      if (state_[id] == kOpen)
        return fail(report_.inside(layer(id).name), call(id).mark,
                    "the layer takes its own output: the model has a cycle");
      if (layer(id).class_name == "InputLayer" && !declared_.count(id))
        fail(report_.inside(layer(id).name), layer(id).mark, "the layer is not among the model's inputs",
             "add it to 'input_layers'");
      state_[id] = kOpen;
      first_visit_.emplace(id.layer, first_visit_.size());
      path.push_back({id});
    };
    enter(output);
    while (!path.empty() && !failed_) {
      Step& step = path.back();
      const std::vector<TensorSpec> inputs = tensors_of(call(step.id));
      if (step.next == inputs.size()) {
        state_[step.id] = kFinished;
        finished_.push_back(step.id);
        path.pop_back();
        continue;
      }
      const TensorSpec& input = inputs[step.next++];
      if (const auto id = find(input, report_.inside(layer(step.id).name))) enter(*id);
    }
  }

  // Depth: the number of calls to an output; of a shared layer, the largest of its calls seen so far.
  void measure() {
    for (auto id = finished_.rbegin(); id != finished_.rend(); ++id) {
      const int64_t depth = std::max(call_depth_[*id], layer_depth_[id->layer]);
      layer_depth_[id->layer] = call_depth_[*id] = depth;
      for (const TensorSpec& input : tensors_of(call(*id))) {
        int64_t& before = call_depth_[{index_[input.layer], static_cast<size_t>(input.call)}];
        before = std::max(before, depth + 1);
      }
    }
    // Inputs that lead nowhere come last.
    for (const CallId& id : declared_) {
      if (state_[id] == kFinished) continue;
      layer_depth_[id.layer] = call_depth_[id] = 0;
      first_visit_[id.layer] = SIZE_MAX;
      finished_.insert(finished_.begin(), id);
    }
  }

  std::vector<size_t> sorted_layers() {
    std::vector<size_t> layers;
    for (const auto& [layer, depth] : layer_depth_) layers.push_back(layer);
    std::sort(layers.begin(), layers.end(), [&](size_t a, size_t b) {
      if (layer_depth_[a] != layer_depth_[b]) return layer_depth_[a] > layer_depth_[b];
      // Keras gives unused inputs the index -1: SIZE_MAX wraps to come first
      return first_visit_[a] + 1 < first_visit_[b] + 1;
    });
    return layers;
  }

  bool is_chain() {
    std::set<int64_t> depths;
    std::set<size_t> layers;
    for (const auto& [id, depth] : call_depth_)
      if (!depths.insert(depth).second || !layers.insert(id.layer).second || tensors_of(call(id)).size() > 1)
        return false;
    return true;
  }

  enum State { kNew, kOpen, kFinished };

  const ModelSpec& model_;
  const Report& report_;
  std::map<std::string, size_t> index_;
  std::set<CallId> declared_;
  std::map<CallId, State> state_;
  std::map<size_t, size_t> first_visit_;  // layer -> its place in the traversal
  std::vector<CallId> finished_;
  std::map<CallId, int64_t> call_depth_;
  std::map<size_t, int64_t> layer_depth_;
  bool failed_ = false;
};

}  // namespace

std::optional<LayerOrder> order_layers(const ModelSpec& model, const Report& report) {
  return Traversal(model, report).run();
}

}  // namespace kcc
