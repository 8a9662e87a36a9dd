// Adafactor: keeps of a matrix's squared gradients the means of rows (r) and columns (c), of the last two dimensions:
// with s = g^2 + epsilon_1 and b = 1 - t^beta_2_decay, r = b r + (1 - b) mean(s, -1), c = b c + (1 - b) mean(s, -2),
// v = r / mean(r) c; of a vector v = b v + (1 - b) s. Then u = g / sqrt(v) and
// w -= max(epsilon_2, rms(w)) min(rate, 1 / sqrt(t)) u / max(1, rms(u) / clip_threshold)
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {
namespace {

struct Options {
  double beta_2_decay, epsilon_1, epsilon_2, clip_threshold;
};

ValueId rms(Builder& b, ValueId x) {
  return root(b, mean(b, square(b, x)));
}

// slots: r, c, v
ValueId factored_velocity(Builder& b, ValueId beta, ValueId squares, std::vector<ValueId>& slots) {
  ValueId rest = sub(b, 1.0, beta);
  const auto follow = [&](ValueId& slot, int64_t axis) {
    slot = add(b, mul(b, slot, beta), mul(b, mean(b, squares, {axis}), rest));
  };
  follow(slots[0], -1);
  follow(slots[1], -2);
  const Shape shape = b.shape(squares);
  std::vector<int64_t> of_rows, of_columns;
  for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i) {
    if (i + 1 != static_cast<int64_t>(shape.size())) of_rows.push_back(i);
    if (i + 2 != static_cast<int64_t>(shape.size())) of_columns.push_back(i);
  }
  ValueId rows = div(b, slots[0], mean(b, slots[0], {-1}, true));
  return mul(b, broadcast_in_dims(b, rows, shape, of_rows), broadcast_in_dims(b, slots[1], shape, of_columns));
}

ValueId update(Builder& b, const Options& o, const OptimizerStep& step, WeightStep& w) {
  ValueId squares = add(b, square(b, w.gradient), o.epsilon_1);
  ValueId beta = sub(b, 1.0, binary(b, OpKind::kPow, step.number, constant(b, o.beta_2_decay)));
  ValueId& v = w.slots[2];
  if (b.type(w.weight).rank() >= 2)
    v = factored_velocity(b, beta, squares, w.slots);
  else
    v = add(b, mul(b, v, beta), mul(b, squares, sub(b, 1.0, beta)));
  ValueId way = div(b, w.gradient, root(b, v));
  ValueId rate = binary(b, OpKind::kMin, step.rate, div(b, 1.0, root(b, step.number)));
  ValueId alpha = mul(b, binary(b, OpKind::kMax, constant(b, o.epsilon_2), rms(b, w.weight)), rate);
  ValueId shortened = binary(b, OpKind::kMax, constant(b, 1.0), div(b, rms(b, way), o.clip_threshold));
  return sub(b, w.weight, mul(b, div(b, way, shortened), alpha));
}

}  // namespace

void adafactor(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step"});
  o.learning_rate = read_learning_rate(c, 0.001);
  const Options options{c.number("beta_2_decay", -0.8), c.number("epsilon_1", 1e-30), c.number("epsilon_2", 1e-3),
                        c.number("clip_threshold", 1)};
  // It bounds the rate by 1 / sqrt(t), and so does the formula that follows in Keras, with and without it.
  c.boolean("relative_step", true);
  o.rule = [=](const TrainedWeight& weight) {
    const size_t rank = weight.shape.size();
    Type rows{DType::kI32, {}}, columns = rows;  // Keras's place holders for vectors are integers, and saved
    if (rank >= 2) {
      rows = columns = {DType::kF32, weight.shape};
      rows.shape.erase(rows.shape.end() - 1);
      columns.shape.erase(columns.shape.end() - 2);
    }
    return WeightRule{{{{"row", rows}, {"column", columns}, {"velocity", {DType::kF32, weight.shape}}}},
                      [=](Builder& b, const OptimizerStep& step, WeightStep& w) { return update(b, options, step, w); },
                      {}};
  };
}

}  // namespace kcc
