// Activation functions; what they compute is frontend/activations.h's.
#include "frontend/activations.h"

#include <cmath>

#include "compiler/ops/elementwise.h"
#include "frontend/python/library.h"

namespace kcc::python {
namespace {

using Options = std::vector<json::Member>;

json::Member option(const char* key, double value) {
  json::Value number;
  number.kind = value == std::floor(value) ? json::Kind::kInteger : json::Kind::kNumber;
  number.number = value;
  number.integer = number.kind == json::Kind::kInteger && std::abs(value) < 1e15 ? static_cast<int64_t>(value) : 0;
  return {key, {}, number};
}

// The activation of that name applied to x.
Result apply(Call& a, const std::string& name, ValueId x, Options options = {}) {
  const json::Value config = json::object_value(std::move(options));
  Diagnostics diagnostics;
  const Report report{a.c.file, "", diagnostics};
  ConfigReader reader(&config, {}, name, report);
  const Activation activation = make_activation(name, reader);
  const auto shape = diagnostics.has_errors() ? std::nullopt : activation.infer(Shape(a.b.shape(x)));
  if (!shape) return a.fail(diagnostics.errors().front().message);
  return Tensor{activation(a.b, x)};
}

// Without options: the function's own name is the activation's.
Result plain(Call& a) {
  const auto x = a.floats(0);
  return x ? apply(a, a.function.name, *x) : std::nullopt;
}

Result with_number(Call& a, const char* name, const char* key) {
  const auto x = a.floats(0);
  const auto value = x ? a.number(1) : std::nullopt;
  return value ? apply(a, name, *x, {option(key, *value)}) : std::nullopt;
}
Result elu(Call& a) {
  return with_number(a, "elu", "alpha");
}
Result celu(Call& a) {
  return with_number(a, "celu", "alpha");
}
Result leaky_relu(Call& a) {
  return with_number(a, "leaky_relu", "negative_slope");
}

Result gelu(Call& a) {
  const auto x = a.floats(0);
  const auto approximate = x ? a.flag(1) : std::nullopt;
  if (!approximate) return std::nullopt;
  json::Value flag;
  flag.kind = json::Kind::kBool;
  flag.boolean = *approximate;
  return apply(a, "gelu", *x, {{"approximate", {}, flag}});
}

// relu(x, slope, max_value, threshold)
Result general_relu(Call& a) {
  const auto x = a.floats(0);
  const auto slope = x ? a.number(1) : std::nullopt;
  const auto threshold = slope ? a.number(3) : std::nullopt;
  if (!threshold) return std::nullopt;
  Options options{option("negative_slope", *slope), option("threshold", *threshold)};
  if (!a.none(2)) {
    const auto limit = a.number(2);
    if (!limit) return std::nullopt;
    options.push_back(option("max_value", *limit));
  }
  return apply(a, "relu", *x, options);
}

Result along_axis(Call& a) {
  const auto x = a.floats(0);
  const auto axis = x ? a.axis(1, a.b.shape(*x).size()) : std::nullopt;
  if (!axis) return std::nullopt;
  if (a.b.shape(*x)[*axis].batched) return a.fail("along the batch is not supported");
  return apply(a, a.function.name, *x, {option("axis", static_cast<double>(*axis))});
}

// Keras 1 and 2, whose backend this is: clip(0.2 x + 0.5, 0, 1). Keras 3's own is keras.ops.hard_sigmoid.
Result old_hard_sigmoid(Call& a) {
  const auto x = a.floats(0);
  return x ? Result(Tensor{clip(a.b, add(a.b, mul(a.b, *x, 0.2), 0.5), 0, 1)}) : std::nullopt;
}

constexpr char kOne[] = "x|features|logits";
constexpr unsigned kKeras = kOps | kActivations;

}  // namespace

std::vector<Builtin> activation_functions() {
  return {
      {kBackend | kKeras | kTf | kMath | kNn, "sigmoid", kOne, plain},
      {kBackend | kKeras | kTf | kMath | kNn | kNp | kPyMath, "tanh", kOne, plain},
      {kBackend | kKeras | kMath | kNn, "softplus", kOne, plain},
      {kBackend | kKeras | kMath | kNn, "softsign", kOne, plain},
      {kOps | kNn, "relu", kOne, plain},
      {kBackend, "relu", "x, alpha|negative_slope=0.0, max_value=None, threshold=0.0", general_relu},
      {kActivations, "relu", "x, negative_slope|alpha=0.0, max_value=None, threshold=0.0", general_relu},
      {kKeras | kNn, "relu6", kOne, plain},
      {kBackend | kKeras, "elu", "x, alpha=1.0", elu},
      {kNn, "elu", kOne, plain},
      {kKeras | kNn, "selu", kOne, plain},
      {kKeras, "celu", "x, alpha=1.0", celu},
      {kKeras, "leaky_relu", "x, negative_slope=0.2", leaky_relu},
      {kNn, "leaky_relu", "features, alpha=0.2", leaky_relu},
      {kOps, "gelu", "x, approximate=True", gelu},
      {kActivations, "gelu", "x, approximate=False", gelu},
      {kNn, "gelu", "features, approximate=False", gelu},
      {kKeras | kNn, "silu", kOne, plain},
      {kKeras | kNn, "swish", kOne, plain},
      {kKeras, "mish", kOne, plain},
      {kBackend, "hard_sigmoid", kOne, old_hard_sigmoid},
      {kKeras, "hard_sigmoid", kOne, plain},
      {kKeras, "hard_silu", kOne, plain},
      {kKeras, "hard_tanh", kOne, plain},
      {kKeras, "log_sigmoid", kOne, plain},
      {kMath, "log_sigmoid", kOne, plain},
      {kActivations, "linear", kOne, plain},
      {kActivations, "exponential", kOne, plain},
      {kKeras | kBackend | kNn, "softmax", "x|logits, axis=-1", along_axis},
      {kKeras | kNn, "log_softmax", "x|logits, axis=-1", along_axis},
  };
}

}  // namespace kcc::python
