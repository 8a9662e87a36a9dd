#include "frontend/activations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/rows.h"
#include "compiler/ops/shape.h"
#include "frontend/custom_function.h"
#include "frontend/expressions.h"
#include "frontend/names.h"

namespace kcc {
namespace {

using Function = std::function<ValueId(Builder&, ValueId)>;

// ---- element-wise

ValueId relu6(Builder& b, ValueId x) {
  return select(b, at_least(b, x, 6.0), constant(b, 6.0), relu(b, x));
}
ValueId hard_sigmoid(Builder& b, ValueId x) {
  return div(b, relu6(b, add(b, x, 3.0)), 6.0);
}
// clip(0.2 x + 0.5, 0, 1), with the gradient of a clip's inside at both ends.
ValueId keras2_hard_sigmoid(Builder& b, ValueId x) {
  ValueId line = add(b, mul(b, x, 0.2), 0.5);
  ValueId low = select(b, at_least(b, line, 0.0), line, constant(b, 0.0));
  return select(b, greater(b, line, 1.0), constant(b, 1.0), low);
}
ValueId sigmoid(Builder& b, ValueId x) {
  return unary(b, OpKind::kSigmoid, x);
}
ValueId hyperbolic_tangent(Builder& b, ValueId x) {
  return unary(b, OpKind::kTanh, x);
}

struct ReluParameters {
  double negative_slope = 0, threshold = 0;
  std::optional<double> max_value;
};

// keras/src/activations/activations.py, ReLU.static_call
ValueId general_relu(Builder& b, ValueId x, const ReluParameters& p) {
  if (p.negative_slope != 0 && !p.max_value && p.threshold == 0) return leaky_relu(b, x, p.negative_slope);
  ValueId result = p.threshold != 0     ? select(b, greater(b, x, p.threshold), x, constant(b, 0.0))
                   : p.max_value == 6.0 ? relu6(b, x)
                                        : relu(b, x);
  if (p.max_value && (p.threshold != 0 || *p.max_value != 6.0)) {
    ValueId raised = binary(b, OpKind::kMax, result, constant(b, 0.0));
    result = binary(b, OpKind::kMin, raised, constant(b, *p.max_value));
  }
  if (p.negative_slope == 0) return result;
  ValueId negative = relu(b, p.threshold != 0 ? sub(b, p.threshold, x) : neg(b, x));
  return sub(b, result, mul(b, negative, p.negative_slope));
}

// expm1 sees no large numbers: its gradient there would be infinite times zero.
ValueId elu(Builder& b, ValueId x, double alpha) {
  ValueId positive = greater(b, x, 0.0);
  ValueId safe = select(b, positive, constant(b, 0.0), x);
  return select(b, positive, x, mul(b, unary(b, OpKind::kExpm1, safe), alpha));
}

ValueId selu(Builder& b, ValueId x) {
  return mul(b, elu(b, x, 1.6732632423543772848170429916717), 1.0507009873554804934193349852946);
}

ValueId celu(Builder& b, ValueId x, double alpha) {
  ValueId low = div(b, binary(b, OpKind::kMin, x, constant(b, 0.0)), alpha);
  return add(b, binary(b, OpKind::kMax, x, constant(b, 0.0)), mul(b, unary(b, OpKind::kExpm1, low), alpha));
}

ValueId gelu(Builder& b, ValueId x, bool approximate) {
  if (!approximate) {
    ValueId erf = unary(b, OpKind::kErf, mul(b, x, std::sqrt(0.5)));
    return mul(b, mul(b, x, 0.5), add(b, erf, 1.0));
  }
  ValueId cubed = mul(b, mul(b, x, x), x);
  ValueId inner = mul(b, add(b, x, mul(b, cubed, 0.044715)), std::sqrt(2 / 3.14159265358979323846));
  return mul(b, x, mul(b, add(b, hyperbolic_tangent(b, inner), 1.0), 0.5));
}

ValueId squareplus(Builder& b, ValueId x, double smoothness) {
  return div(b, add(b, x, unary(b, OpKind::kSqrt, add(b, square(b, x), smoothness))), 2.0);
}

ValueId soft_shrink(Builder& b, ValueId x, double threshold) {
  ValueId low = select(b, less(b, x, -threshold), add(b, x, threshold), constant(b, 0.0));
  return select(b, greater(b, x, threshold), sub(b, x, threshold), low);
}

ValueId hard_shrink(Builder& b, ValueId x, double threshold) {
  return select(b, greater(b, unary(b, OpKind::kAbs, x), threshold), x, constant(b, 0.0));
}

ValueId sparse_plus(Builder& b, ValueId x) {
  ValueId curve = div(b, square(b, add(b, x, 1.0)), 4.0);
  return select(b, at_most(b, x, -1.0), constant(b, 0.0), select(b, at_least(b, x, 1.0), x, curve));
}

ValueId sparse_sigmoid(Builder& b, ValueId x) {
  ValueId raised = binary(b, OpKind::kMax, add(b, x, 1.0), constant(b, 0.0));
  return mul(b, binary(b, OpKind::kMin, raised, constant(b, 2.0)), 0.5);
}

ValueId hard_tanh(Builder& b, ValueId x) {
  return select(b, greater(b, x, 1.0), constant(b, 1.0), select(b, less(b, x, -1.0), constant(b, -1.0), x));
}

// ---- along an axis

// Keras sorts each row and finds how many of the largest entries support the result; here an entry's place in the
// sorted row is counted from a matrix of comparisons. It then adds up the running sums over the support, where the
// paper (Martins and Astudillo 2016) takes the last of them: followed here, because it is what Keras computes.
// x: (..., n); before[i, j]: entry j comes before entry i
ValueId sparsemax(Builder& b, ValueId x) {
  const Shape shape = b.shape(x);
  const int64_t rank = static_cast<int64_t>(shape.size());
  Shape square_shape = shape;
  square_shape.push_back(shape.back());
  std::vector<int64_t> rows(static_cast<size_t>(rank)), columns;
  std::iota(rows.begin(), rows.end(), 0);
  columns = rows;
  columns.back() = rank;
  ValueId xi = broadcast_in_dims(b, x, square_shape, rows), xj = broadcast_in_dims(b, x, square_shape, columns);
  ValueId earlier = binary(b, OpKind::kLt, iota(b, square_shape, rank), iota(b, square_shape, rank - 1));
  ValueId tie = binary(b, OpKind::kAnd, binary(b, OpKind::kEq, xj, xi), earlier);
  ValueId before = binary(b, OpKind::kOr, binary(b, OpKind::kGt, xj, xi), tie);
  ValueId place = add(b, reduce_sum(b, cast(b, before, DType::kF32), {-1}), 1.0);
  ValueId running_sum = add(b, reduce_sum(b, select(b, before, xj, constant(b, 0.0)), {-1}), x);
  ValueId supports = greater(b, sub(b, x, div(b, sub(b, running_sum, 1.0), place)), 0.0);
  ValueId count = reduce_sum(b, cast(b, supports, DType::kF32), {-1}, true);
  ValueId sum = reduce_sum(b, select(b, supports, running_sum, constant(b, 0.0)), {-1}, true);
  ValueId threshold = div(b, sub(b, sum, 1.0), count);
  return binary(b, OpKind::kMax, sub(b, x, threshold), constant(b, 0.0));
}

// Moves `axis` to the end and back around a function of rows.
ValueId along(Builder& b, ValueId x, int64_t axis, const Function& rows) {
  const size_t rank = b.shape(x).size();
  std::vector<int64_t> swap(rank);
  std::iota(swap.begin(), swap.end(), 0);
  std::swap(swap[static_cast<size_t>(*positive_axis(axis, rank))], swap.back());
  return transpose(b, rows(b, transpose(b, x, swap)), swap);
}

// first half * sigmoid(second half)
ValueId glu(Builder& b, ValueId x, int64_t axis) {
  const Shape shape = b.shape(x);
  std::vector<int64_t> starts(shape.size(), 0), sizes, ones(shape.size(), 1);
  for (const Dim& dim : shape) sizes.push_back(dim.size);
  const size_t at = static_cast<size_t>(*positive_axis(axis, shape.size()));
  sizes[at] /= 2;
  ValueId first = slice(b, x, starts, sizes, ones);
  starts[at] = sizes[at];
  return mul(b, first, sigmoid(b, slice(b, x, starts, sizes, ones)));
}

// Checks that the axis exists and is not the batch's.
std::function<std::optional<Shape>(const Shape&)> needs_axis(ConfigReader& c, int64_t axis, bool halves = false) {
  return [=, misfit = Misfit(c), subject = c.subject()](const Shape& shape) -> std::optional<Shape> {
    const auto at = positive_axis(axis, shape.size());
    if (!at || *at == 0)
      return misfit(fmt::format("{} along axis {} does not fit the shape {}", subject, axis, keras_shape(shape)));
    if (!halves) return shape;
    Shape half = shape;
    int64_t& size = half[static_cast<size_t>(*at)].size;
    if (size % 2 != 0)
      return misfit(fmt::format("{} halves axis {} of {}, whose extent is odd", subject, axis, keras_shape(shape)));
    size /= 2;
    return half;
  };
}

// ---- by name

struct Plain {
  const char* name;
  ValueId (*apply)(Builder&, ValueId);
};

// Without parameters, sorted.
constexpr Plain kPlain[] = {
    {"exponential", [](Builder& b, ValueId x) { return unary(b, OpKind::kExp, x); }},
    {"hard_sigmoid", hard_sigmoid},
    {"hard_silu", [](Builder& b, ValueId x) { return mul(b, x, hard_sigmoid(b, x)); }},
    {"hard_tanh", hard_tanh},
    {"keras2_hard_sigmoid", keras2_hard_sigmoid},  // what Keras 1 and 2 mean by "hard_sigmoid"; only keras2.cpp says it
    {"linear", [](Builder&, ValueId x) { return x; }},
    {"log_sigmoid", [](Builder& b, ValueId x) { return neg(b, softplus(b, neg(b, x))); }},
    {"mish", [](Builder& b, ValueId x) { return mul(b, x, hyperbolic_tangent(b, softplus(b, x))); }},
    {"relu6", relu6},
    {"selu", selu},
    {"sigmoid", sigmoid},
    {"silu", [](Builder& b, ValueId x) { return mul(b, x, sigmoid(b, x)); }},
    {"softplus", softplus},
    {"softsign", [](Builder& b, ValueId x) { return div(b, x, add(b, unary(b, OpKind::kAbs, x), 1.0)); }},
    {"sparse_plus", sparse_plus},
    {"sparse_sigmoid", sparse_sigmoid},
    {"tanh", hyperbolic_tangent},
    {"tanh_shrink", [](Builder& b, ValueId x) { return sub(b, x, hyperbolic_tangent(b, x)); }},
};

Activation relu_activation(ConfigReader& c) {
  ReluParameters p;
  p.negative_slope = c.number("negative_slope", 0);
  p.threshold = c.number("threshold", 0);
  if (c.has("max_value")) p.max_value = c.number("max_value", 0);
  return {"relu", [=](Builder& b, ValueId x) { return general_relu(b, x, p); }, nullptr};
}

Activation threshold_activation(ConfigReader& c) {
  for (const char* key : {"threshold", "default_value"}) c.note_required(key);
  if (!c.has("threshold") || !c.has("default_value"))
    c.report().error(c.mark(), "activation 'threshold' needs values for 'threshold' and 'default_value'",
                     "write {\"class_name\": \"threshold\", \"config\": {\"threshold\": ..., \"default_value\": ...}}");
  const double threshold = c.number("threshold", 0), otherwise = c.number("default_value", 0);
  return {"threshold",
          [=](Builder& b, ValueId x) { return select(b, greater(b, x, threshold), x, constant(b, otherwise)); },
          nullptr};
}

Activation rows_activation(const std::string& name, ConfigReader& c, ValueId (*rows)(Builder&, ValueId)) {
  const int64_t axis = c.integer("axis", -1);
  return {name, [=](Builder& b, ValueId x) { return along(b, x, axis, rows); }, needs_axis(c, axis)};
}

// One parameter, which is a number.
Activation with_number(const std::string& name, ConfigReader& c, const char* key, double fallback,
                       ValueId (*apply)(Builder&, ValueId, double)) {
  const double value = c.number(key, fallback);
  return {name, [=](Builder& b, ValueId x) { return apply(b, x, value); }, nullptr};
}

using Maker = Activation (*)(ConfigReader&);
struct WithParameters {
  const char* name;
  Maker make;
};

// With parameters, sorted.
constexpr WithParameters kWithParameters[] = {
    {"celu", [](ConfigReader& c) { return with_number("celu", c, "alpha", 1, celu); }},
    {"elu", [](ConfigReader& c) { return with_number("elu", c, "alpha", 1, elu); }},
    {"gelu",
     [](ConfigReader& c) {
       const bool approximate = c.boolean("approximate", false);
       return Activation{"gelu", [=](Builder& b, ValueId x) { return gelu(b, x, approximate); }, nullptr};
     }},
    {"glu",
     [](ConfigReader& c) {
       const int64_t axis = c.integer("axis", -1);
       return Activation{"glu", [=](Builder& b, ValueId x) { return glu(b, x, axis); }, needs_axis(c, axis, true)};
     }},
    {"hard_shrink", [](ConfigReader& c) { return with_number("hard_shrink", c, "threshold", 0.5, hard_shrink); }},
    {"leaky_relu", [](ConfigReader& c) { return with_number("leaky_relu", c, "negative_slope", 0.2, leaky_relu); }},
    {"log_softmax", [](ConfigReader& c) { return rows_activation("log_softmax", c, log_softmax); }},
    {"relu", relu_activation},
    {"soft_shrink", [](ConfigReader& c) { return with_number("soft_shrink", c, "threshold", 0.5, soft_shrink); }},
    {"softmax", [](ConfigReader& c) { return rows_activation("softmax", c, softmax); }},
    {"sparsemax", [](ConfigReader& c) { return rows_activation("sparsemax", c, sparsemax); }},
    {"squareplus", [](ConfigReader& c) { return with_number("squareplus", c, "b", 4, squareplus); }},
    {"threshold", threshold_activation},
};

// Keras's aliases; and a layer such as LeakyReLU given as an activation.
constexpr std::pair<const char*, const char*> kAliases[] = {
    {"ELU", "elu"},         {"LeakyReLU", "leaky_relu"}, {"ReLU", "relu"},
    {"Softmax", "softmax"}, {"hard_swish", "hard_silu"}, {"swish", "silu"}};

std::string canonical(const std::string& name) {
  for (const auto& [alias, meaning] : kAliases)
    if (name == alias) return meaning;
  return name;
}

}  // namespace

namespace {

std::optional<Activation> custom_activation(const NamedObject& object, const ConfigReader& config) {
  const auto function = find_function(object.name, nullptr, config.environment(), config.report());
  if (!function) return std::nullopt;
  const auto infer = [f = *function](const Shape& shape) -> std::optional<Shape> {
    const auto type = f.try_out({{DType::kF32, shape}});
    return type ? std::optional(type->shape) : std::nullopt;
  };
  const auto apply = [f = *function, infer](Builder& b, ValueId x) {
    const Shape shape = infer(Shape(b.shape(x))).value_or(b.shape(x));
    return f.apply(b, {x}, shape);
  };
  return Activation{object.name, apply, infer};
}

}  // namespace

Activation make_activation(const std::string& name, ConfigReader& parameters) {
  const std::string known = canonical(name);
  for (const Plain& row : kPlain)
    if (known == row.name) return {known, known == "linear" ? Function() : row.apply, nullptr};
  for (const WithParameters& row : kWithParameters)
    if (known == row.name) return row.make(parameters);
  std::vector<std::string> names = activation_names();
  for (const auto& [alias, meaning] : kAliases) names.push_back(alias);
  parameters.report().error(parameters.mark(), fmt::format("unknown activation '{}'", name), did_you_mean(name, names));
  return {};
}

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (const Plain& row : kPlain)
    if (row.name != std::string("keras2_hard_sigmoid")) names.push_back(row.name);
  for (const WithParameters& row : kWithParameters) names.push_back(row.name);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::pair<std::string, std::string>> activation_aliases() {
  return {std::begin(kAliases), std::end(kAliases)};
}

Activation read_activation(ConfigReader& config, const std::string& key, const std::string& fallback) {
  config.note_default(key, fallback.empty() ? "None" : "'" + fallback + "'");
  if (!fallback.empty() && !config.written(key)) return make_activation(fallback, config);
  const json::Value* value = config.find(key);
  if (!value) return {};
  const auto object = named_object(*value);
  if (!object) {
    config.error(key, "the name of an activation");
    return {};
  }
  if (auto custom = custom_activation(*object, config)) return *custom;
  ConfigReader parameters(object->config, object->mark, fmt::format("activation '{}'", object->name), config.report());
  Activation activation = make_activation(object->name, parameters);
  parameters.ignore({"name", "trainable", "dtype"});
  parameters.finish();
  return activation;
}

}  // namespace kcc
