#include "frontend/training/metrics/confusion_counts.h"

#include <cmath>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/training/sample_weights.h"

namespace kcc {
namespace {

constexpr double kNone = -1e10;  // what a prediction becomes that is not among the first k

ValueId integer(Builder& b, int64_t value) {
  return constant(b, static_cast<double>(value), DType::kI32);
}
ValueId plus(Builder& b, ValueId x, ValueId y) {
  return binary(b, OpKind::kAdd, x, y);
}

ValueId last_slice(Builder& b, ValueId x, int64_t at) {
  const Shape& shape = b.shape(x);
  std::vector<int64_t> starts(shape.size(), 0), sizes, strides(shape.size(), 1);
  for (const Dim& dim : shape) sizes.push_back(dim.size);
  starts.back() = at;
  sizes.back() = 1;
  return slice(b, x, starts, sizes, strides);
}

// Keeps the k largest of the last axis, of equal ones the first. Each is compared with each other.
ValueId filter_top_k(Builder& b, ValueId x, int64_t k) {
  Shape pairs = b.shape(x);
  pairs.push_back(pairs.back());
  const int64_t rank = static_cast<int64_t>(pairs.size());
  std::vector<int64_t> own = axes_from(b, x, 0), other = own;
  other.back() = rank - 1;
  const ValueId mine = broadcast_in_dims(b, x, pairs, own), others = broadcast_in_dims(b, x, pairs, other);
  const ValueId before = binary(b, OpKind::kLt, iota(b, pairs, rank - 1), iota(b, pairs, rank - 2));
  const ValueId beats = binary(b, OpKind::kOr, binary(b, OpKind::kGt, others, mine),
                               binary(b, OpKind::kAnd, binary(b, OpKind::kEq, others, mine), before));
  const ValueId place = reduce_sum(b, cast(b, beats, DType::kF32), {-1});
  return select(b, less(b, place, static_cast<double>(k)), x, constant(b, kNone));
}

// How many thresholds a prediction is greater than, i32. NaN is greater than none.
ValueId bucket_of(Builder& b, ValueId p, const ConfusionOptions& o) {
  if (o.even) {
    const ValueId inside =
        select(b, greater(b, p, 0.0), binary(b, OpKind::kMin, p, constant(b, 1.0)), constant(b, 0.0));
    const ValueId place = mul(b, inside, static_cast<double>(o.count() - 1));
    const ValueId ceiling = neg(b, unary(b, OpKind::kFloor, neg(b, place)));
    return cast(b, o.all_pass_first ? maximum(b, ceiling, 1.0) : ceiling, DType::kI32);
  }
  ValueId bucket = -1;
  for (double threshold : o.thresholds) {
    const ValueId passes = cast(b, greater(b, p, threshold), DType::kI32);
    bucket = bucket < 0 ? passes : plus(b, bucket, passes);
  }
  return bucket;
}

// f32 of the prediction's shape.
ValueId weights_of(Builder& b, ValueId weights, ValueId prediction, const ConfusionOptions& o) {
  const Shape& shape = b.shape(prediction);
  ValueId all = weights < 0 ? broadcast_to(b, constant(b, 1.0), shape)
                            : broadcast_to(b, align_weights(b, weights, prediction), shape);
  return o.label_weights.empty() ? all : mul(b, all, constants(b, o.label_weights));
}

}  // namespace

std::vector<double> even_thresholds(int64_t n) {
  std::vector<double> thresholds;
  for (int64_t i = 0; i < n; ++i) thresholds.push_back(static_cast<double>(i) / static_cast<double>(n - 1));
  return thresholds;
}

bool is_even(const std::vector<double>& thresholds) {
  if (thresholds.size() < 3) return false;
  const std::vector<double> even = even_thresholds(static_cast<int64_t>(thresholds.size()));
  for (size_t i = 0; i < even.size(); ++i)
    if (!(std::abs(thresholds[i] - even[i]) <= 1e-7 + 1e-5 * even[i])) return false;
  return true;
}

MetricState confusion_state(const ConfusionOptions& o) {
  return {"confusion_histogram", {DType::kF32, fixed_shape({o.count() + 1, o.columns, 2})}};
}

ValueId count_confusion(Builder& b, const MetricBatch& batch, const ConfusionOptions& o) {
  ValueId y = batch.comparison.target, p = batch.comparison.prediction;
  if (o.from_logits) p = unary(b, OpKind::kSigmoid, p);
  if (o.top_k) p = filter_top_k(b, p, *o.top_k);
  if (o.class_id) y = last_slice(b, y, *o.class_id), p = last_slice(b, p, *o.class_id);
  const Shape shape = b.shape(p);
  ValueId cell = bucket_of(b, p, o);
  if (o.columns > 1) cell = plus(b, binary(b, OpKind::kMul, cell, integer(b, o.columns)), iota(b, shape, -1));
  const ValueId truth = cast(b, binary(b, OpKind::kNe, y, constant(b, 0.0)), DType::kI32);
  cell = plus(b, plus(b, cell, cell), truth);
  const Type state = confusion_state(o).type;
  const ValueId counts =
      scatter_add(b, cell, weights_of(b, batch.weights, p, o), fixed_shape({element_count(state.shape).size}));
  return reshape(b, counts, state.shape);
}

ConfusionCounts read_confusion(Builder& b, ValueId histogram, const ConfusionOptions& o) {
  const Shape results = fixed_shape({o.count(), o.columns});
  const auto pick = [&](ValueId x, int64_t truth) { return reshape(b, last_slice(b, x, truth), results); };
  ValueId passed = -1, failed = -1;
  if (o.count() == 1) {
    failed = slice(b, histogram, {0, 0, 0}, {1, o.columns, 2}, {1, 1, 1});
    passed = slice(b, histogram, {1, 0, 0}, {1, o.columns, 2}, {1, 1, 1});
  } else {
    // Those of bucket j pass the thresholds i < j.
    const Shape pairs = fixed_shape({o.count(), o.count() + 1, o.columns, 2});
    const ValueId all = broadcast_in_dims(b, histogram, pairs, {1, 2, 3});
    const ValueId passes = binary(b, OpKind::kGt, iota(b, pairs, 1), iota(b, pairs, 0));
    passed = reduce_sum(b, select(b, passes, all, constant(b, 0.0)), {1});
    failed = reduce_sum(b, select(b, passes, constant(b, 0.0), all), {1});
  }
  return {pick(passed, 1), pick(passed, 0), pick(failed, 0), pick(failed, 1)};
}

}  // namespace kcc
