#include "frontend/layer.h"

#include <fmt/format.h>

namespace kcc {

std::string keras_shape(const Shape& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += shape[i].batched ? "None" : fmt::format("{}", shape[i].size);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

Weight memory(const std::string& name, const std::vector<int64_t>& shape) {
  Weight weight{name, shape, [](const std::vector<int64_t>&) { return Initializer{}; }, false};
  weight.memory = true;
  return weight;
}

std::vector<Weight> inside(const std::string& name, const std::string& file, std::vector<Weight> weights) {
  for (Weight& weight : weights) {
    weight.name = name + "/" + weight.name;
    if (!weight.memory) weight.file = file + "/" + weight.file;
    if (!weight.layer.empty()) weight.layer = name + "/" + weight.layer;
  }
  return weights;
}

std::optional<int64_t> positive_axis(int64_t axis, size_t rank) {
  const int64_t limit = static_cast<int64_t>(rank);
  if (axis < -limit || axis >= limit) return std::nullopt;
  return axis < 0 ? axis + limit : axis;
}

}  // namespace kcc
