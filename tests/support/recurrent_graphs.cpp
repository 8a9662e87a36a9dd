#include "tests/support/recurrent_graphs.h"

#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/scan.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/differentiate.h"

namespace kcc::testing {
namespace {

using Values = std::vector<ValueId>;

Shape stacked(int64_t steps, std::initializer_list<int64_t> sizes) {
  Shape shape{{steps, false}, {1, true}};
  for (int64_t size : sizes) shape.push_back({size, false});
  return shape;
}

ValueId zeros_like(Builder& b, const Shape& shape) {
  return broadcast_to(b, constant(b, 0.0), shape);
}

// Columns [k * units, (k + 1) * units).
ValueId part(Builder& b, ValueId z, int64_t k, int64_t units) {
  return slice(b, z, {0, k * units}, {b.shape(z)[0].size, units}, {1, 1});
}

// (B) as a column of (B, n).
ValueId for_each_unit(Builder& b, ValueId mask, ValueId like) {
  return broadcast_in_dims(b, mask, Shape(b.shape(like)), {0});
}

// x (steps, B, n) times w, as one product.
ValueId project(Builder& b, ValueId x, ValueId w) {
  const Shape from = b.shape(x);
  const ValueId rows = reshape(b, x, Shape{{from[0].size, true}, from[2]});
  Shape to = from;
  to[2] = b.shape(w)[1];
  return reshape(b, matmul(b, rows, w), to);
}

struct Loop {
  bool reverse = false;
  ValueId mask = -1;  // (steps, B) bool
};

ScanOperands operands_of(Builder& b, ValueId x, const Loop& loop, Values carries, Values weights) {
  ScanOperands operands;
  operands.steps = b.shape(x)[0].size;
  operands.reverse = loop.reverse;
  operands.carries = std::move(carries);
  operands.sequences = {x};
  operands.invariants = std::move(weights);
  if (loop.mask < 0) return operands;
  operands.mask = 1;
  operands.sequences.push_back(loop.mask);
  return operands;
}

ValueId masked(ScanStep& s, ValueId now, ValueId before) {
  if (s.sequences.size() < 2) return now;
  return select(s.b, for_each_unit(s.b, s.sequences[1], now), now, before);
}

// h' = tanh(x + h u + bias)
ValueId simple_rnn(Builder& b, ValueId x, ValueId h, ValueId u, ValueId bias, const Loop& loop) {
  return scan(b, operands_of(b, x, loop, {h}, {u, bias}), [](ScanStep& s) {
    const ValueId z = add(s.b, add(s.b, s.sequences[0], matmul(s.b, s.carries[0], s.invariants[0])), s.invariants[1]);
    return ScanOutputs{{masked(s, unary(s.b, OpKind::kTanh, z), s.carries[0])}, {}};
  });
}

// x holds the projected input of gates i, f, candidate, o.
ValueId lstm(Builder& b, ValueId x, ValueId h, ValueId c, ValueId u, const Loop& loop) {
  return scan(b, operands_of(b, x, loop, {h, c}, {u}), [](ScanStep& s) {
    const int64_t units = s.b.shape(s.carries[0])[1].size;
    const ValueId z = add(s.b, s.sequences[0], matmul(s.b, s.carries[0], s.invariants[0]));
    const auto gate = [&](int64_t k) { return unary(s.b, OpKind::kSigmoid, part(s.b, z, k, units)); };
    const ValueId candidate = unary(s.b, OpKind::kTanh, part(s.b, z, 2, units));
    const ValueId c = add(s.b, mul(s.b, gate(1), s.carries[1]), mul(s.b, gate(0), candidate));
    const ValueId h = mul(s.b, gate(3), unary(s.b, OpKind::kTanh, c));
    return ScanOutputs{{masked(s, h, s.carries[0]), masked(s, c, s.carries[1])}, {}};
  });
}

// Keras's GRU with reset_after=False: gates z, r; candidate from r * h.
ValueId gru(Builder& b, ValueId x, ValueId h, ValueId u, ValueId v, const Loop& loop) {
  return scan(b, operands_of(b, x, loop, {h}, {u, v}), [](ScanStep& s) {
    const int64_t units = s.b.shape(s.carries[0])[1].size;
    const ValueId h = s.carries[0];
    const ValueId inner = matmul(s.b, h, s.invariants[0]);
    const auto gate = [&](int64_t k) {
      return unary(s.b, OpKind::kSigmoid, add(s.b, part(s.b, s.sequences[0], k, units), part(s.b, inner, k, units)));
    };
    const ValueId z = gate(0), r = gate(1);
    const ValueId candidate =
        unary(s.b, OpKind::kTanh,
              add(s.b, part(s.b, s.sequences[0], 2, units), matmul(s.b, mul(s.b, r, h), s.invariants[1])));
    const ValueId next = add(s.b, mul(s.b, z, h), mul(s.b, sub(s.b, 1.0, z), candidate));
    return ScanOutputs{{masked(s, next, h)}, {}};
  });
}

const Shape kState = batched_shape({kUnits});

Shape gates(int64_t n) {
  return stacked(kSteps, {n * kUnits});
}
Shape matrix(int64_t n) {
  return fixed_shape({kUnits, n * kUnits});
}

Loop loop_of(Builder& b, bool reverse, ValueId mask_source) {
  if (mask_source < 0) return {reverse, -1};
  return {reverse, greater(b, mask_source, 0.0)};
}

RecurrentCase lstm_case(const std::string& name, bool reverse, bool with_mask,
                        ValueId (*result)(Builder& b, ValueId scan)) {
  RecurrentCase c{name, {gates(4), kState, kState, matrix(4)}, nullptr};
  if (with_mask) c.inputs.push_back(stacked(kSteps, {}));
  c.build = [=](Builder& b, const Values& in) {
    return result(b, lstm(b, in[0], in[1], in[2], in[3], loop_of(b, reverse, with_mask ? in[4] : -1)));
  };
  return c;
}

ValueId everything(Builder& b, ValueId scan) {
  const ValueId seen = add(b, carries_before(b, scan, 0), mul(b, carries_after(b, scan, 0), 2.0));
  return add(b, add(b, seen, carries_after(b, scan, 1)), mul(b, final_carry(b, scan, 1), final_carry(b, scan, 0)));
}

// The weight's gradient is no product over the batch: h' = tanh(x + h * w), with a weight a unit and one a sample.
ValueId diagonal(Builder& b, const Values& in) {
  const ValueId loop = scan(b, operands_of(b, in[0], {}, {in[1]}, {in[2], in[3]}), [](ScanStep& s) {
    const ValueId z = add(s.b, s.sequences[0], mul(s.b, mul(s.b, s.carries[0], s.invariants[0]), s.invariants[1]));
    const ValueId h = unary(s.b, OpKind::kTanh, z);
    return ScanOutputs{{h}, {mul(s.b, h, s.sequences[0]), s.carries[0]}};
  });
  return add(b, stacked_output(b, loop, 0), add(b, stacked_output(b, loop, 1), final_carry(b, loop, 0)));
}

}  // namespace

std::vector<RecurrentCase> recurrent_cases() {
  const auto last = [](Builder& b, ValueId scan) { return final_carry(b, scan, 0); };
  const auto all = [](Builder& b, ValueId scan) { return carries_after(b, scan, 0); };
  const auto rnn = [](bool with_mask, bool reverse) {
    return [=](Builder& b, const Values& in) {
      return carries_after(b, simple_rnn(b, in[0], in[1], in[2], in[3], loop_of(b, reverse, with_mask ? in[4] : -1)),
                           0);
    };
  };
  const auto gated = [](bool with_mask) {
    return [=](Builder& b, const Values& in) {
      return final_carry(b, gru(b, in[0], in[1], in[2], in[3], loop_of(b, false, with_mask ? in[4] : -1)), 0);
    };
  };
  const Shape bias = fixed_shape({kUnits}), mask = stacked(kSteps, {});
  return {
      {"simple", {gates(1), kState, matrix(1), bias}, rnn(false, false)},
      {"simple backwards masked", {gates(1), kState, matrix(1), bias, mask}, rnn(true, true)},
      lstm_case("lstm", false, false, last),
      lstm_case("lstm stacked", false, false, all),
      lstm_case("lstm masked", false, true, last),
      lstm_case("lstm masked stacked", false, true, all),
      lstm_case("lstm backwards masked, every result", true, true, everything),
      {"gru", {gates(3), kState, matrix(2), matrix(1)}, gated(false)},
      {"gru masked", {gates(3), kState, matrix(2), matrix(1), mask}, gated(true)},
      {"diagonal", {gates(1), kState, bias, kState}, diagonal},
      {"projected",
       {stacked(kSteps, {kFeatures}), fixed_shape({kFeatures, 4 * kUnits}), matrix(4)},
       [](Builder& b, const Values& in) {
         const ValueId zero = zeros_like(b, kState);
         return final_carry(b, lstm(b, project(b, in[0], in[1]), zero, zero, in[2], {}), 0);
       }},
      {"two loops",
       {gates(1), kState, matrix(1), bias},
       [](Builder& b, const Values& in) {
         const ValueId first = carries_after(b, simple_rnn(b, in[0], in[1], in[2], in[3], {}), 0);
         return final_carry(b, simple_rnn(b, first, in[1], in[2], in[3], {true, -1}), 0);
       }},
  };
}

Module recurrent_module(int64_t steps, int64_t words, int64_t features, int64_t units, bool masked) {
  Module module;
  module.name = "recurrent";
  module.origins = {{"embedding", "Embedding"}, {"lstm", "LSTM"}, {"dense", "Dense"}, {"loss", ""}};
  const std::vector<std::pair<const char*, Shape>> weights = {
      {"embedding/embeddings", fixed_shape({words, features})},
      {"lstm/kernel", fixed_shape({features, 4 * units})},
      {"lstm/recurrent_kernel", fixed_shape({units, 4 * units})},
      {"lstm/bias", fixed_shape({4 * units})},
      {"dense/kernel", fixed_shape({units, 1})}};
  for (const auto& [name, shape] : weights) {
    State state;
    state.name = name;
    state.type = {DType::kF32, shape};
    module.states.push_back(state);
  }
  const auto forward = [&](Builder& b, ValueId indices, Values& w) {
    for (StateId i = 0; i < static_cast<StateId>(module.states.size()); ++i)
      w.push_back(state(b, i, module.states[static_cast<size_t>(i)].type));
    b.origin = 0;
    const ValueId by_time = transpose(b, indices, {1, 0});
    const ValueId x = gather(b, w[0], by_time);
    Loop loop;
    if (masked) loop.mask = binary(b, OpKind::kNe, by_time, constant(b, 0, DType::kI32));
    b.origin = 1;
    const ValueId zero = zeros_like(b, batched_shape({units}));
    const ValueId h = final_carry(b, lstm(b, add(b, project(b, x, w[1]), w[3]), zero, zero, w[2], loop), 0);
    b.origin = 2;
    return matmul(b, h, w[4]);
  };
  const Type indices{DType::kI32, batched_shape({steps})}, rows{DType::kF32, batched_shape({1})};
  {
    Builder b{module.predict};
    b.graph.name = "predict";
    Values w;
    b.graph.outputs = {{"y", forward(b, input(b, "x", indices), w)}};
  }
  Builder b{module.train};
  b.graph.name = "train";
  Values w;
  const ValueId x = input(b, "x", indices), y = input(b, "y", rows);
  const ValueId prediction = forward(b, x, w);
  b.origin = 3;
  const ValueId loss = mean(b, square(b, sub(b, prediction, y)));
  const std::vector<ValueId> gradients = differentiate(b.graph, loss, w);
  for (size_t i = 0; i < w.size(); ++i)
    b.graph.writes.push_back({static_cast<StateId>(i), sub(b, w[i], mul(b, gradients[i], 0.1))});
  module.inputs = {{"x", indices}};
  module.outputs = {{"y", rows}};
  return module;
}

}  // namespace kcc::testing
