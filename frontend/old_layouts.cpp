#include "frontend/old_layouts.h"

#include <map>

namespace kcc {
namespace {

// "rest" of "name/rest"; null where the path does not begin so. Names may have slashes themselves.
const char* inside(const std::string& path, const std::string& name) {
  if (path.compare(0, name.size(), name) != 0) return nullptr;
  if (path.size() == name.size()) return path.c_str() + path.size();
  return path[name.size()] == '/' ? path.c_str() + name.size() + 1 : nullptr;
}

const LayerSpec* find_in(const ModelSpec& model, const std::string& path);

// The layer at `path` inside `layer`, which is "" for itself; the innermost that is known where the path goes on.
const LayerSpec* descend(const LayerSpec& layer, const std::string& path) {
  if (path.empty()) return &layer;
  if (layer.model)
    if (const LayerSpec* found = find_in(*layer.model, path)) return found;
  for (const auto& [key, child] : layer.children) {
    if (const char* rest = inside(path, child.name)) return descend(child, rest);
    if (child.model)
      if (const LayerSpec* found = find_in(*child.model, path)) return found;
  }
  return &layer;
}

// The layer whose name the path begins with; of several, "a" and "a/b", the longest.
const LayerSpec* first_of(const ModelSpec& model, const std::string& path) {
  const LayerSpec* best = nullptr;
  for (const LayerSpec& layer : model.layers)
    if (inside(path, layer.name) && (!best || layer.name.size() > best->name.size())) best = &layer;
  return best;
}

const LayerSpec* find_in(const ModelSpec& model, const std::string& path) {
  const LayerSpec* layer = first_of(model, path);
  return layer ? descend(*layer, inside(path, layer->name)) : nullptr;
}

// What a wrapper wraps.
const LayerSpec& unwrapped(const LayerSpec& layer) {
  for (const char* key : {"layer", "forward_layer", "cell"})
    if (const auto child = layer.children.find(key); child != layer.children.end() && !child->second.model)
      return unwrapped(child->second);
  return layer;
}

OldLayout layout_of(const LayerSpec& layer, const std::string& weight) {
  static const std::map<std::string, OldLayout> kClasses = {
      {"Conv1D", OldLayout::kConvolution},
      {"Conv2D", OldLayout::kConvolution},
      {"Conv2DTranspose", OldLayout::kTransposedConvolution},
      {"Conv3D", OldLayout::kConvolution},
      {"Conv3DTranspose", OldLayout::kTransposedConvolution},
      {"GRU", OldLayout::kGru},
      {"GRUCell", OldLayout::kGru},
      {"LSTM", OldLayout::kLstm},
      {"LSTMCell", OldLayout::kLstm},
  };
  const auto found = kClasses.find(layer.class_name);
  if (found == kClasses.end()) return OldLayout::kSame;
  if (found->second >= OldLayout::kLstm) return found->second;
  if (weight != "kernel") return OldLayout::kSame;
  const json::Value* format = layer.config.find("data_format");
  const bool first = format && format->text == "channels_first" && layer.class_name != "Conv1D";
  if (!first) return found->second;
  return found->second == OldLayout::kConvolution ? OldLayout::kConvolutionChannelsFirst
                                                  : OldLayout::kTransposedConvolutionChannelsFirst;
}

}  // namespace

void note_old_layouts(const ModelSpec& model, Module& module) {
  for (State& state : module.states) {
    const bool kept = state.role == StateRole::kWeight || state.role == StateRole::kStatistic;
    if (!kept || state.file_path.empty()) continue;
    const LayerSpec* layer = first_of(model, state.name);
    if (!layer) continue;
    state.layer = layer->name;
    const std::string weight = state.name.substr(state.name.rfind('/') + 1);
    state.old_layout = layout_of(unwrapped(*find_in(model, state.name)), weight);
  }
}

}  // namespace kcc
