// Bidirectional: a recurrent layer and one that runs the other way, their outputs merged.
#include <fmt/format.h>

#include <memory>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/recipes.h"
#include "frontend/read_layer.h"

namespace kcc {
namespace {

bool flag(const LayerSpec& layer, const std::string& key) {
  const json::Value* value = layer.config.find(key);
  return value && value->boolean;
}

void set_flag(LayerSpec& layer, const std::string& key, bool on) {
  layer.config.take(key);
  json::Value value;
  value.kind = json::Kind::kBool;
  value.boolean = on;
  layer.config.members.push_back({key, layer.mark, value});
}

std::string without_prefix(const std::string& name, const std::string& prefix) {
  return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name;
}

// One of the two layers as Bidirectional makes it; the specification lives as long as the body.
struct Direction {
  std::shared_ptr<LayerSpec> spec;
  LayerBody body;
  std::string name, file;
};

struct Pair {
  Direction forward, backward;
  std::string merge;  // "" keeps the two apart
  bool sequences = false, states = false;
};

// The layer that runs backwards is the forward one's copy where the file has none.
LayerSpec backward_spec(LayerConfig& c, const LayerSpec& forward) {
  c.find("backward_layer");  // counts as read
  const auto own = c.spec().children.find("backward_layer");
  if (own != c.spec().children.end()) return own->second;
  LayerSpec spec = forward;
  set_flag(spec, "go_backwards", true);
  spec.name = "backward_" + without_prefix(spec.name, "backward_");
  return spec;
}

std::optional<Direction> read_direction(LayerConfig& c, LayerSpec spec, const std::string& file) {
  // Where whole sequences are merged, Keras wants zeros in masked steps.
  set_flag(spec, "zero_output_for_mask", flag(spec, "return_sequences"));
  Direction direction{std::make_shared<LayerSpec>(std::move(spec)), {}, "", file};
  auto body = read_layer(*direction.spec, c.report().inside(direction.spec->name), c.environment());
  if (!body) return std::nullopt;
  direction.body = std::move(*body);
  direction.name = direction.spec->name;
  return direction;
}

bool is_recurrent(const std::string& class_name) {
  return class_name == "SimpleRNN" || class_name == "LSTM" || class_name == "GRU";
}

std::optional<Pair> read_pair(LayerConfig& c) {
  Pair pair;
  if (!c.written("merge_mode") || c.has("merge_mode"))
    pair.merge = c.choice("merge_mode", "concat", {"ave", "concat", "mul", "sum"});
  c.refuse("weights");
  c.find("layer");
  c.note_limit("layer", "SimpleRNN, LSTM or GRU alone");
  const auto layer = c.spec().children.find("layer");
  if (layer == c.spec().children.end() || !is_recurrent(layer->second.class_name)) {
    c.report().error(c.mark(), "Bidirectional wraps a SimpleRNN, LSTM or GRU alone",
                     layer == c.spec().children.end() ? "" : fmt::format("not a {}", layer->second.class_name));
    return std::nullopt;
  }
  LayerSpec forward = layer->second;
  const LayerSpec backward = backward_spec(c, forward);
  forward.name = "forward_" + without_prefix(forward.name, "forward_");
  pair.sequences = flag(forward, "return_sequences");
  pair.states = flag(forward, "return_state");
  for (const char* key : {"return_sequences", "return_state", "stateful"}) {
    if (flag(forward, key) == flag(backward, key)) continue;
    c.report().error(backward.mark, fmt::format("{} of the two layers of Bidirectional differs", key));
    return std::nullopt;
  }
  if (flag(forward, "go_backwards") == flag(backward, "go_backwards")) {
    c.report().error(backward.mark, "both layers of Bidirectional run the same way: go_backwards must differ");
    return std::nullopt;
  }
  auto first = read_direction(c, std::move(forward), "forward_layer");
  auto second = read_direction(c, backward, "backward_layer");
  if (!first || !second) return std::nullopt;
  pair.forward = std::move(*first);
  pair.backward = std::move(*second);
  return pair;
}

// The sequence goes to both; of the initial states, each takes its half.
template <typename T>
std::vector<T> half_of(const std::vector<T>& inputs, bool second) {
  const int64_t states = static_cast<int64_t>(inputs.size() - 1) / 2;
  std::vector<T> half{inputs[0]};
  const auto first = inputs.begin() + 1 + (second ? states : 0);
  half.insert(half.end(), first, first + states);
  return half;
}

ValueId merge(Builder& b, const std::string& mode, ValueId x, ValueId y) {
  if (mode == "concat") return concat(b, {x, y}, -1);
  if (mode == "mul") return mul(b, x, y);
  const ValueId sum = add(b, x, y);
  return mode == "ave" ? div(b, sum, 2.0) : sum;
}

std::optional<Shapes> infer(const Pair& pair, const Shapes& inputs, const Misfit& misfit) {
  if (inputs.size() % 2 == 0) return misfit("Bidirectional takes as many initial states for each direction");
  auto forward = pair.forward.body.infer_all(half_of(inputs, false));
  auto backward = pair.backward.body.infer_all(half_of(inputs, true));
  if (!forward || !backward) return std::nullopt;
  const bool fits = pair.merge.empty() || pair.merge == "concat" || forward->front() == backward->front();
  if (!fits) return misfit(fmt::format("merge_mode '{}' needs two layers of as many units", pair.merge));
  Shapes outputs{forward->front()};
  if (pair.merge == "concat") outputs[0].back().size += backward->front().back().size;
  if (pair.merge.empty()) outputs.push_back(backward->front());
  outputs.insert(outputs.end(), forward->begin() + 1, forward->end());
  outputs.insert(outputs.end(), backward->begin() + 1, backward->end());
  return outputs;
}

Tensors call(const Pair& pair, CallScope& scope, const Tensors& inputs) {
  Builder& b = scope.b;
  const auto run = [&](const Direction& direction, bool second) {
    ChildScope inner(scope, direction.name, direction.body.trainable);
    return direction.body.call_all(inner, half_of(inputs, second));
  };
  const Tensors forward = run(pair.forward, false);
  Tensors backward = run(pair.backward, true);
  if (pair.sequences) backward[0].value = reverse(b, backward[0].value, 1);
  const ValueId mask = pair.sequences ? inputs[0].mask : -1;
  Tensors outputs;
  if (pair.merge.empty())
    outputs = {{forward[0].value, mask}, {backward[0].value, mask}};
  else
    outputs = {{merge(b, pair.merge, forward[0].value, backward[0].value), mask}};
  outputs.insert(outputs.end(), forward.begin() + 1, forward.end());
  outputs.insert(outputs.end(), backward.begin() + 1, backward.end());
  return outputs;
}

std::vector<Weight> weights(const Pair& pair, const Shapes& inputs) {
  std::vector<Weight> all;
  for (const Direction* direction : {&pair.forward, &pair.backward}) {
    const Shapes own = half_of(inputs, direction == &pair.backward);
    for (Weight& weight : inside(direction->name, direction->file, direction->body.weights(own)))
      all.push_back(std::move(weight));
  }
  return all;
}

}  // namespace

LayerBody bidirectional(LayerConfig& c) {
  LayerBody body;
  const auto pair = read_pair(c);
  if (!pair) return body;
  body.max_inputs = 2 * pair->forward.body.max_inputs - 1;
  body.infer_all = [pair, misfit = Misfit(c)](const Shapes& inputs) { return infer(*pair, inputs, misfit); };
  body.weights = [pair](const Shapes& inputs) { return weights(*pair, inputs); };
  body.call_all = [pair](CallScope& scope, const Tensors& inputs) { return call(*pair, scope, inputs); };
  return body;
}

}  // namespace kcc
