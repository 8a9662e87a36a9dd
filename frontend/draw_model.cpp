#include "frontend/draw_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace kcc {
namespace {

std::string python_shape(const Shape& shape, int64_t fixed_batch) {
  std::string text = keras_shape(shape);
  if (fixed_batch > 0 && !shape.empty() && shape[0].batched && shape[0].size == 1)
    text.replace(1, 4, fmt::format("{}", fixed_batch));
  return text;
}

// One as it is, several as Python prints a list.
std::string list_text(const std::vector<std::string>& texts, const char* quote = "") {
  if (texts.size() == 1) return texts[0];
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(quote + text + quote);
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string python_name(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "float32";
    case DType::kI32:
      return "int32";
    case DType::kU32:
      return "uint32";
    case DType::kBool:
      return "bool";
  }
  return "";
}

class Drawing {
 public:
  Drawing(const ModelLayers& model, const DiagramOptions& options, int64_t fixed_batch)
      : model_(model), options_(options), fixed_batch_(fixed_batch) {}

  Diagram draw() {
    diagram_.name = model_.spec.name;
    // Keras spans a title over the cells that were asked for, there or not.
    diagram_.columns = std::max<size_t>(1, (options_.shapes ? 2 : 0) + options_.dtypes + options_.trainable);
    for (size_t layer : model_.order.layers) add_box(layer);
    model_.spec.is_sequential ? connect_sequence() : connect_calls();
    std::sort(diagram_.arrows.begin(), diagram_.arrows.end());
    diagram_.arrows.erase(std::unique(diagram_.arrows.begin(), diagram_.arrows.end()), diagram_.arrows.end());
    return std::move(diagram_);
  }

 private:
  // Sequential.layers leaves its InputLayer out.
  void add_box(size_t layer) {
    const LayerBody& body = model_.layers[layer];
    const bool is_input = body.max_inputs == 0;
    if (model_.spec.is_sequential && is_input) return;
    const LayerSpec& spec = model_.spec.layers[layer];
    Diagram::Box box;
    if (options_.layer_names) box.name = spec.name;
    box.class_name = body.class_name;
    if (options_.activations) box.activation = body.activation;
    // Keras shows the shapes of a layer's first call.
    if (options_.shapes && !is_input) box.cells.push_back({"Input shape", shapes_text(input_shapes(layer))});
    if (options_.shapes) box.cells.push_back({"Output shape", shapes_text(model_.shapes.at({layer, 0}))});
    if (options_.dtypes) box.cells.push_back({"Output dtype", dtypes_text(layer)});
    if (options_.trainable) add_trainable(layer, box);
    if (options_.expand_nested && body.model)
      box.inner = std::make_shared<Diagram>(draw_model(*body.model, options_, fixed_batch_));
    boxes_[layer] = diagram_.boxes.size();
    diagram_.boxes.push_back(std::move(box));
  }

  std::string shapes_text(const Shapes& shapes) const {
    std::vector<std::string> texts;
    for (const Shape& shape : shapes) texts.push_back(python_shape(shape, fixed_batch_));
    return list_text(texts);
  }

  Shapes input_shapes(size_t layer) const {
    Shapes shapes;
    for (const TensorSpec& tensor : tensors_of(model_.spec.layers[layer].calls.at(0)))
      shapes.push_back(model_.shapes.at(model_.id_of(tensor)).at(static_cast<size_t>(tensor.output)));
    return shapes;
  }

  std::string dtypes_text(size_t layer) const {
    std::vector<std::string> texts;
    for (DType dtype : model_.dtypes.at({layer, 0})) texts.push_back(python_name(dtype));
    return list_text(texts, "'");
  }

  void add_trainable(size_t layer, Diagram::Box& box) const {
    const auto weights = model_.weights.find(layer);
    if (weights == model_.weights.end() ||
        std::all_of(weights->second.begin(), weights->second.end(), [](const Weight& w) { return w.memory; }))
      return;
    const bool trained = model_.layers[layer].trainable;
    box.cells.push_back(
        {"", trained ? "Trainable" : "Non-trainable", trained ? Diagram::Tone::kTrained : Diagram::Tone::kFrozen});
  }

  static std::vector<TensorSpec> tensors_of(const CallSpec& call) {
    std::vector<TensorSpec> tensors = call.inputs;
    for (const auto& [name, more] : call.by_name) tensors.insert(tensors.end(), more.begin(), more.end());
    return tensors;
  }

  // Ports are for diagrams inside boxes.
  Diagram::End end(size_t box, size_t port) const { return {box, diagram_.boxes[box].inner ? port : 0}; }
  Diagram::End end(const TensorSpec& tensor) const {
    return end(boxes_.at(model_.index.at(tensor.layer)), static_cast<size_t>(tensor.output));
  }

  void connect_sequence() {
    const size_t count = diagram_.boxes.size();
    for (size_t i = 0; i + 1 < count; ++i) diagram_.arrows.push_back({end(i, 0), end(i + 1, 0)});
    if (count == 0) return;
    diagram_.inputs = {end(0, 0)};
    diagram_.outputs = {end(count - 1, 0)};
  }

  void connect_calls() {
    for (const CallId& id : model_.order.calls) {
      const std::vector<TensorSpec> tensors = tensors_of(model_.call_of(id));
      const size_t box = boxes_.at(id.layer);
      for (size_t i = 0; i < tensors.size(); ++i) diagram_.arrows.push_back({end(tensors[i]), end(box, i)});
    }
    for (const TensorSpec& input : model_.spec.inputs) diagram_.inputs.push_back(end(input));
    for (const TensorSpec& output : model_.spec.outputs) diagram_.outputs.push_back(end(output));
  }

  const ModelLayers& model_;
  const DiagramOptions& options_;
  int64_t fixed_batch_;
  std::map<size_t, size_t> boxes_;  // by layer
  Diagram diagram_;
};

}  // namespace

Diagram draw_model(const ModelLayers& model, const DiagramOptions& options, int64_t fixed_batch) {
  return Drawing(model, options, fixed_batch).draw();
}

}  // namespace kcc
