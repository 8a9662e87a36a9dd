// Normalization, Rescaling: what models do to their data before anything else.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.config.epsilon()
// Longer arrays in a configuration belong into weights.
constexpr size_t kMostNumbers = 1024;

// Numbers that the configuration holds.
struct Numbers {
  std::vector<int64_t> shape;
  std::vector<double> values;
};

// Nested lists of equal lengths.
bool collect(const json::Value& value, size_t depth, Numbers& numbers) {
  if (value.is_number()) {
    numbers.values.push_back(value.number);
    return depth == numbers.shape.size();
  }
  if (!value.is_array() || value.items.empty()) return false;
  const int64_t length = static_cast<int64_t>(value.items.size());
  if (depth == numbers.shape.size() && numbers.values.empty()) numbers.shape.push_back(length);
  if (depth >= numbers.shape.size() || numbers.shape[depth] != length) return false;
  return std::all_of(value.items.begin(), value.items.end(),
                     [&](const json::Value& item) { return collect(item, depth + 1, numbers); });
}

// A number, nested lists, or an array as Keras writes NumPy's: {"class_name": "__numpy__", "config": {"value": ...}}.
Numbers read_numbers(ConfigReader& c, const std::string& key) {
  const json::Value* value = c.find(key);
  if (const auto object = value ? named_object(*value) : std::nullopt; object && object->config)
    value = object->config->find("value");
  Numbers numbers;
  if (value && collect(*value, 0, numbers) && numbers.values.size() <= kMostNumbers) return numbers;
  c.error(key, fmt::format("a number or nested lists of up to {} numbers", kMostNumbers));
  return {{}, {0.0}};
}

ValueId as_value(Builder& b, const Numbers& numbers) {
  const bool same =
      std::adjacent_find(numbers.values.begin(), numbers.values.end(), std::not_equal_to<>()) == numbers.values.end();
  if (same) return broadcast_to(b, constant(b, numbers.values[0]), fixed_shape(numbers.shape));
  std::vector<ValueId> parts;
  for (double number : numbers.values) parts.push_back(reshape(b, constant(b, number), fixed_shape({1})));
  return reshape(b, concat(b, parts, 0), fixed_shape(numbers.shape));
}

// Whether numbers of that shape broadcast to `to`, aligned at the right, without enlarging it.
bool stretches(const std::vector<int64_t>& from, const Shape& to) {
  if (from.size() > to.size()) return false;
  return std::equal(from.rbegin(), from.rend(), to.rbegin(),
                    [](int64_t a, const Dim& b) { return a == 1 || (a == b.size && !b.batched); });
}

// What Normalization keeps apart: the axes along which mean and variance differ.
std::vector<int64_t> read_kept_axes(ConfigReader& c) {
  return c.written("axis") && !c.has("axis") ? std::vector<int64_t>{} : read_axes(c, "axis", {-1});
}

// Numbers meet the last of the kept axes.
ValueId spread(Builder& b, ValueId numbers, const Shape& shape, const std::vector<int64_t>& axes) {
  const size_t rank = b.shape(numbers).size();
  return broadcast_in_dims(b, numbers, shape, {axes.end() - static_cast<int64_t>(rank), axes.end()});
}

std::vector<int64_t> extents_at(const Shape& shape, const std::vector<int64_t>& axes) {
  std::vector<int64_t> extents;
  for (int64_t axis : axes) extents.push_back(shape[static_cast<size_t>(axis)].size);
  return extents;
}

InitializerSpec constant_fill(double value) {
  return [=](const std::vector<int64_t>&) { return Initializer{Initializer::Kind::kConstant, value}; };
}

}  // namespace

LayerBody rescaling(LayerConfig& c) {
  const Numbers scale = read_numbers(c, "scale");
  const Numbers offset = c.has("offset") ? read_numbers(c, "offset") : Numbers{{}, {0.0}};
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    if (stretches(scale.shape, inputs[0]) && stretches(offset.shape, inputs[0])) return inputs[0];
    return misfit(
        fmt::format("the scale or the offset of Rescaling does not fit the input {}", keras_shape(inputs[0])));
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    ValueId scaled = mul(b, inputs[0], as_value(b, scale));
    return add(b, scaled, as_value(b, offset));
  };
  return body;
}

// (x - mean) / max(sqrt(variance), epsilon), or the inverse. Mean and variance are the configuration's or, adapted to
// data, weights.
LayerBody normalization(LayerConfig& c) {
  const std::vector<int64_t> written = read_kept_axes(c);
  const bool invert = c.boolean("invert", false), given = c.has("mean");
  if (given != c.has("variance")) c.error("variance", "a variance exactly where there is a mean");
  const Numbers mean = given ? read_numbers(c, "mean") : Numbers{};
  const Numbers variance = given && c.has("variance") ? read_numbers(c, "variance") : mean;
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    const auto axes = positive_axes(written, inputs[0].size());
    bool fits = axes && (axes->empty() || axes->front() > 0) && mean.shape.size() <= axes->size() &&
                mean.shape == variance.shape;
    for (size_t i = 0; fits && i < mean.shape.size(); ++i) {
      const int64_t axis = (*axes)[axes->size() - mean.shape.size() + i];
      fits = mean.shape[i] == 1 || mean.shape[i] == inputs[0][static_cast<size_t>(axis)].size;
    }
    if (fits) return inputs[0];
    return misfit(fmt::format("the axes, the mean or the variance of Normalization do not fit the input {}",
                              keras_shape(inputs[0])));
  };
  if (!given)
    body.weights = [=](const Shapes& inputs) {
      const std::vector<int64_t> shape = extents_at(inputs[0], *positive_axes(written, inputs[0].size()));
      std::vector<Weight> weights{{"mean", shape, constant_fill(0), false},
                                  {"variance", shape, constant_fill(1), false}};
      weights.push_back({"count", {}, constant_fill(0), false});
      weights.back().dtype = DType::kI32;
      return weights;
    };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    const Shape shape = b.shape(inputs[0]);
    const std::vector<int64_t> axes = *positive_axes(written, shape.size());
    ValueId center = given ? as_value(b, mean) : scope.weight("mean");
    ValueId root = unary(b, OpKind::kSqrt, given ? as_value(b, variance) : scope.weight("variance"));
    ValueId width = spread(b, binary(b, OpKind::kMax, root, constant(b, kEpsilon)), shape, axes);
    center = spread(b, center, shape, axes);
    return invert ? add(b, center, mul(b, inputs[0], width)) : div(b, sub(b, inputs[0], center), width);
  };
  return body;
}

}  // namespace kcc
