#include "frontend/training/constraints.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/names.h"

namespace kcc {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.config.epsilon()

// One axis or a list of them; negative ones count from the end.
std::vector<int64_t> read_axes(ConfigReader& c) {
  const json::Value* value = c.find("axis");
  if (!value) return {0};
  std::vector<int64_t> axes;
  const auto take = [&](const json::Value& item) {
    if (item.kind == json::Kind::kInteger) axes.push_back(item.integer);
  };
  if (value->is_array())
    std::for_each(value->items.begin(), value->items.end(), take);
  else
    take(*value);
  if (axes.empty() || (value->is_array() && axes.size() != value->items.size())) c.error("axis", "an axis or a list");
  return axes;
}

// The Euclidean norm along the axes, stretched to the weight's shape.
ValueId norms(Builder& b, ValueId weight, const std::vector<int64_t>& along) {
  const Shape shape = b.shape(weight);
  const int64_t rank = static_cast<int64_t>(shape.size());
  std::vector<bool> reduced(shape.size());
  for (int64_t axis : along)
    if (axis >= -rank && axis < rank) reduced[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = true;
  std::vector<int64_t> axes, kept;
  for (int64_t i = 0; i < rank; ++i) (reduced[static_cast<size_t>(i)] ? axes : kept).push_back(i);
  ValueId norm = unary(b, OpKind::kSqrt, reduce_sum(b, square(b, weight), axes));
  return broadcast_in_dims(b, norm, shape, kept);
}

// w * wanted(norm) / (epsilon + norm)
Constraint to_norm(std::vector<int64_t> axes, std::function<ValueId(Builder&, ValueId)> wanted) {
  return [axes, wanted](Builder& b, ValueId weight) {
    ValueId norm = norms(b, weight, axes);
    return mul(b, weight, div(b, wanted(b, norm), add(b, norm, kEpsilon)));
  };
}

Constraint max_norm(ConfigReader& c) {
  const double most = c.number("max_value", 2);
  return to_norm(read_axes(c), [most](Builder& b, ValueId norm) { return clip(b, norm, 0, most); });
}

Constraint min_max_norm(ConfigReader& c) {
  const double low = c.number("min_value", 0), high = c.number("max_value", 1), rate = c.number("rate", 1);
  return to_norm(read_axes(c), [=](Builder& b, ValueId norm) {
    ValueId clipped = clip(b, norm, low, high);
    return rate == 1 ? clipped : add(b, mul(b, clipped, rate), mul(b, norm, 1 - rate));
  });
}

Constraint unit_norm(ConfigReader& c) {
  return [axes = read_axes(c)](Builder& b, ValueId weight) {
    return div(b, weight, add(b, norms(b, weight, axes), kEpsilon));
  };
}

Constraint non_neg(ConfigReader&) {
  return [](Builder& b, ValueId weight) { return binary(b, OpKind::kMax, weight, constant(b, 0.0)); };
}

struct Row {
  const char* name;
  Constraint (*read)(ConfigReader&);
};
constexpr Row kConstraints[] = {
    {"max_norm", max_norm}, {"min_max_norm", min_max_norm}, {"non_neg", non_neg}, {"unit_norm", unit_norm}};

}  // namespace

std::vector<std::string> constraint_names() {
  std::vector<std::string> names;
  for (const Row& row : kConstraints) names.push_back(row.name);
  return names;
}

Constraint read_constraint(ConfigReader& config, const std::string& key) {
  config.note_default(key, "None");
  const json::Value* value = config.find(key);
  if (!value) return nullptr;
  const auto object = named_object(*value);
  if (!object) {
    config.error(key, "the name or configuration of a constraint");
    return nullptr;
  }
  for (const Row& row : kConstraints) {
    if (to_snake_case(object->name) != row.name && object->name != row.name) continue;
    ConfigReader options(object->config, object->mark, fmt::format("constraint {}", object->name), config.report());
    Constraint constraint = row.read(options);
    options.finish();
    return constraint;
  }
  config.error(key, "MaxNorm, MinMaxNorm, NonNeg or UnitNorm");
  return nullptr;
}

}  // namespace kcc
