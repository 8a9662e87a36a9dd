#include "frontend/training/losses/loss_config.h"

#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/layer.h"

namespace kcc {

Loss elementwise_loss(CompareFunction values) {
  Loss loss;
  loss.values = std::move(values);
  return loss;
}

std::vector<int64_t> read_axes(ConfigReader& options, const Shape& prediction, std::optional<int64_t> fallback) {
  std::vector<int64_t> axes;
  const json::Value* value = options.find("axis");
  if (!value) {
    if (fallback) axes.push_back(*positive_axis(*fallback, prediction.size()));
    return axes;
  }
  const std::vector<json::Value> items = value->is_array() ? value->items : std::vector<json::Value>{*value};
  for (const json::Value& item : items) {
    const auto axis = item.kind == json::Kind::kInteger ? positive_axis(item.integer, prediction.size()) : std::nullopt;
    if (!axis || std::count(axes.begin(), axes.end(), *axis)) {
      options.error("axis", "different axes of the output " + keras_shape(prediction));
      return {static_cast<int64_t>(prediction.size()) - 1};
    }
    axes.push_back(*axis);
  }
  std::sort(axes.begin(), axes.end());
  return axes;
}

int64_t read_axis(LossConfig& c) {
  const std::vector<int64_t> axes = read_axes(c.options, c.prediction, -1);
  c.options.note_default("axis", "-1");
  if (axes.size() == 1 && axes[0] > 0) return axes[0];
  if (c.options.has("axis")) c.options.error("axis", "one axis other than the samples', 0");
  return static_cast<int64_t>(c.prediction.size()) - 1;
}

bool has_positions(const Shape& values, const Shape& prediction) {
  const Shape positions(prediction.begin(), prediction.end() - 1);
  return values.size() >= positions.size() && std::equal(positions.begin(), positions.end(), values.begin());
}

ValueId per_position(Builder& b, ValueId values, const Shape& prediction) {
  if (has_positions(b.shape(values), prediction)) return values;
  const Shape shape = b.shape(values), positions(prediction.begin(), prediction.end() - 1);
  const bool has_samples = !shape.empty() && shape[0] == prediction[0];
  const ValueId means = mean(b, values, axes_from(b, values, has_samples ? 1 : 0));
  return has_samples ? broadcast_in_dims(b, means, positions, {0}) : broadcast_to(b, means, positions);
}

ValueId logits_of(const Builder& b, ValueId prediction, OpKind activation) {
  const Node& node = b.graph[prediction];
  return node.op == activation ? node.inputs[0] : -1;
}

double read_smoothing(ConfigReader& options) {
  const double smoothing = options.number("label_smoothing", 0);
  if (!(smoothing >= 0 && smoothing <= 1)) options.error("label_smoothing", "a number from 0 to 1");
  return smoothing;
}

}  // namespace kcc
