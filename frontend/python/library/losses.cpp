// Losses: keras.losses as functions, and keras.backend's crossentropies of single elements.
#include "frontend/training/losses.h"

#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/rows.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/layer.h"
#include "frontend/python/library.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon()

// keras/src/losses/loss.py, squeeze_or_expand_to_same_rank
void same_rank(Builder& b, ValueId& x, ValueId& y) {
  const Shape sx = b.shape(x), sy = b.shape(y);
  if (sx.size() == sy.size() + 1 && sx.back().is_one())
    sy.size() == 1 ? y = insert_axis(b, y, 1) : x = drop_axis(b, x, sy.size());
  if (sy.size() == sx.size() + 1 && sy.back().is_one())
    sx.size() == 1 ? x = insert_axis(b, x, 1) : y = drop_axis(b, y, sx.size());
}

json::Member option(const char* key, json::Kind kind, double value) {
  json::Value v;
  v.kind = kind;
  v.boolean = value != 0;
  v.number = value;
  return {key, {}, v};
}

struct Pair {
  ValueId target, prediction;
};

std::optional<Pair> operands(Call& a) {
  const auto target = a.floats(0), prediction = a.floats(1);
  if (!target || !prediction) return std::nullopt;
  if (a.b.shape(*prediction).empty()) return a.fail("the prediction has no axis to average over");
  return Pair{*target, *prediction};
}

Result values_of(Call& a, Pair pair, std::vector<json::Member> options) {
  const json::Value config = json::object_value(std::move(options));
  Diagnostics diagnostics;
  const Report report{a.c.file, "", diagnostics};
  ConfigReader reader(&config, {}, a.function.name, report);
  const auto loss = make_loss(canonical_loss(a.function.name), reader, a.b.shape(pair.prediction));
  if (!loss || diagnostics.has_errors()) return a.fail("is not supported with these options");
  return Tensor{loss->values(a.b, {pair.target, pair.prediction})};
}

// Of tensors that broadcast.
Result of_pairs(Call& a) {
  auto pair = operands(a);
  if (!pair) return std::nullopt;
  same_rank(a.b, pair->target, pair->prediction);
  const auto shape = broadcast_shapes(a.c, a.mark, {a.b.shape(pair->target), a.b.shape(pair->prediction)});
  if (!shape) return std::nullopt;
  return values_of(a, {broadcast_to(a.b, pair->target, *shape), broadcast_to(a.b, pair->prediction, *shape)}, {});
}

Result crossentropy(Call& a) {
  auto pair = operands(a);
  const auto logits = pair ? a.flag(2) : std::nullopt;
  const auto smoothing = logits ? a.number(3) : std::nullopt;
  if (!smoothing) return std::nullopt;
  same_rank(a.b, pair->target, pair->prediction);
  if (a.b.shape(pair->target) != a.b.shape(pair->prediction))
    return a.fail(fmt::format("labels {} and predictions {} differ in shape", keras_shape(a.b.shape(pair->target)),
                              keras_shape(a.b.shape(pair->prediction))));
  return values_of(
      a, *pair,
      {option("from_logits", json::Kind::kBool, *logits), option("label_smoothing", json::Kind::kNumber, *smoothing)});
}

Result sparse_crossentropy(Call& a) {
  auto pair = operands(a);
  const auto logits = pair ? a.flag(2) : std::nullopt;
  if (!logits) return std::nullopt;
  Shape labels = a.b.shape(pair->prediction);
  labels.pop_back();
  const Shape given = a.b.shape(pair->target);
  const bool column = given.size() == labels.size() + 1 && given.back().is_one();
  if (column) pair->target = drop_axis(a.b, pair->target, labels.size());
  if (a.b.shape(pair->target) != labels)
    return a.fail(fmt::format("labels {} are no class numbers of predictions {}", keras_shape(given),
                              keras_shape(a.b.shape(pair->prediction))));
  pair->target = cast(a.b, pair->target, DType::kI32);
  return values_of(a, *pair, {option("from_logits", json::Kind::kBool, *logits)});
}

// ---- keras.backend

ValueId log_of(Builder& b, ValueId x) {
  return unary(b, OpKind::kLog, x);
}

// Of each element: -y log p - (1 - y) log (1 - p)
Result elements_crossentropy(Call& a) {
  const auto pair = operands(a);
  const auto logits = pair ? a.flag(2) : std::nullopt;
  if (!logits || !broadcast_shapes(a.c, a.mark, {a.b.shape(pair->target), a.b.shape(pair->prediction)}))
    return std::nullopt;
  Builder& b = a.b;
  const auto [y, x] = *pair;
  if (*logits) return Tensor{sub(b, softplus(b, x), mul(b, y, x))};
  const ValueId p = clip(b, x, kEpsilon, 1 - kEpsilon);
  const ValueId on = mul(b, y, log_of(b, p)), off = mul(b, sub(b, 1.0, y), log_of(b, sub(b, 1.0, p)));
  return Tensor{neg(b, add(b, on, off))};
}

const std::vector<const char*>& pair_losses() {
  static const std::vector<const char*> kNames = {"mean_squared_error", "mse", "mean_absolute_error", "mae"};
  return kNames;
}

constexpr char kOptions[] = "y_true|target, y_pred|output, from_logits=False, label_smoothing=0.0";
constexpr char kPlain[] = "target|y_true, output|y_pred, from_logits=False";

// keras.backend's have no smoothing.
Result backend_categorical(Call& a) {
  a.arguments.push_back(0.0);
  return crossentropy(a);
}

}  // namespace

std::vector<Builtin> loss_functions() {
  std::vector<Builtin> rows = {
      {kLosses, "binary_crossentropy", kOptions, crossentropy},
      {kLosses, "categorical_crossentropy", kOptions, crossentropy},
      {kLosses, "sparse_categorical_crossentropy", "y_true, y_pred, from_logits=False", sparse_crossentropy},
      {kBackend | kOps, "binary_crossentropy", kPlain, elements_crossentropy},
      {kBackend | kOps, "categorical_crossentropy", kPlain, backend_categorical},
      {kBackend | kOps, "sparse_categorical_crossentropy", kPlain, sparse_crossentropy},
  };
  for (const char* name : pair_losses()) rows.push_back({kLosses, name, "y_true, y_pred", of_pairs});
  return rows;
}

}  // namespace kcc::python
