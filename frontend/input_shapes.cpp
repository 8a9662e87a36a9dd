#include "frontend/input_shapes.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/names.h"

namespace kcc {
namespace {

class InputShapes {
 public:
  InputShapes(const ModelLayers& model, const FrontendOptions& options, const Report& report)
      : model_(model), options_(options), report_(report) {}

  std::optional<Shapes> run() const {
    check_names();
    Shapes shapes;
    for (const TensorSpec& input : model_.spec.inputs)
      if (auto shape = shape_of(model_.index.at(input.layer))) shapes.push_back(std::move(*shape));
    if (report_.diagnostics.has_errors()) return std::nullopt;
    return shapes;
  }

 private:
  void check_names() const {
    std::vector<std::string> names;
    for (const TensorSpec& input : model_.spec.inputs) names.push_back(input.layer);
    const Report option{"--input-shape", "", report_.diagnostics};
    for (const auto& [name, shape] : options_.input_shapes) {
      const bool found = std::find(names.begin(), names.end(), name) != names.end();
      if (name.empty() && names.size() != 1)
        option.error({}, fmt::format("the model has {} inputs, expected NAME=SHAPE", names.size()));
      else if (!name.empty() && !found)
        option.error({}, fmt::format("there is no input '{}'", name), did_you_mean(name, names));
    }
  }

  const std::vector<int64_t>* option_of(const std::string& input) const {
    auto at = options_.input_shapes.find(input);
    if (at == options_.input_shapes.end() && model_.spec.inputs.size() == 1) at = options_.input_shapes.find("");
    return at == options_.input_shapes.end() ? nullptr : &at->second;
  }

  std::nullopt_t misfit(size_t i, std::string message, std::string hint = "") const {
    const LayerSpec& layer = model_.spec.layers[i];
    report_.inside(layer.name).error(layer.mark, std::move(message), std::move(hint));
    return std::nullopt;
  }

  // What the input layer says, or else a model that takes it: a Sequential may begin with a model.
  std::optional<std::vector<int64_t>> declared(size_t i) const {
    if (model_.layers[i].input) return model_.layers[i].input;
    for (const CallId& id : model_.order.calls)
      for (const TensorSpec& tensor : model_.call_of(id).inputs)
        if (tensor.layer == model_.spec.layers[i].name && model_.layers[id.layer].input)
          return model_.layers[id.layer].input;
    return std::nullopt;
  }

  std::optional<Shape> shape_of(size_t i) const {
    const std::vector<int64_t>* given = option_of(model_.spec.layers[i].name);
    std::vector<int64_t> extents;
    if (const auto input = declared(i))
      extents.assign(input->begin() + 1, input->end());
    else if (given)
      extents.assign(given->size(), -1);
    else
      return misfit(i, "the model does not say the shape of its input",
                    "give the first layer an \"input_shape\", or pass --input-shape");
    if (given && given->size() != extents.size())
      return misfit(i, fmt::format("--input-shape ({}) has {} extents, the model's input has {}",
                                   fmt::join(*given, ", "), given->size(), extents.size()));
    for (size_t k = 0; k < extents.size(); ++k) {
      const int64_t option = given ? (*given)[k] : -1;
      if (extents[k] != -1 && given && option != extents[k])
        return misfit(i, fmt::format("--input-shape ({}) contradicts the model's input shape, whose extent {} is {}",
                                     fmt::join(*given, ", "), k + 1, extents[k]));
      if (extents[k] == -1) extents[k] = option;
      if (extents[k] == -1)
        return misfit(i, fmt::format("extent {} of the input's shape is open, and only the batch may be", k + 1),
                      "fix it with --input-shape");
      if (extents[k] < 1)
        return misfit(i, fmt::format("--input-shape ({}) must have positive extents", fmt::join(*given, ", ")));
    }
    return batched_shape(extents);
  }

  const ModelLayers& model_;
  const FrontendOptions& options_;
  const Report& report_;
};

}  // namespace

std::optional<Shapes> input_shapes(const ModelLayers& model, const FrontendOptions& options, const Report& report) {
  return InputShapes(model, options, report).run();
}

}  // namespace kcc
