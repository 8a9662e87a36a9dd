// SimpleRNN, LSTM, GRU: a cell in a loop over time, with Keras's masks, states and outputs.
#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/recipes.h"
#include "frontend/layers/recurrent_cell.h"

namespace kcc {
namespace {

struct Rnn {
  Cell cell;
  bool sequences = false, states = false;  // what it returns
  bool backwards = false, stateful = false, unroll = false, zero_masked = false;
  bool mask_with_states = false;  // whether the input's own mask counts where initial states are given: Keras 2
};

Rnn read_rnn(LayerConfig& c, Cell cell) {
  Rnn rnn{std::move(cell)};
  rnn.sequences = c.boolean("return_sequences", false);
  rnn.states = c.boolean("return_state", false);
  rnn.backwards = c.boolean("go_backwards", false);
  rnn.stateful = c.boolean("stateful", false);
  rnn.unroll = c.boolean("unroll", false);
  rnn.zero_masked = c.boolean("zero_output_for_mask", false);
  rnn.mask_with_states = c.boolean("mask_with_initial_state", false);
  c.refuse("time_major");
  c.ignore({"input_length"});
  return rnn;
}

// (B, T, ...) <-> (T, B, ...)
ValueId swap_time(Builder& b, ValueId x) {
  std::vector<int64_t> perm{1, 0};
  for (int64_t d = 2; d < b.type(x).rank(); ++d) perm.push_back(d);
  return transpose(b, x, perm);
}

std::string memory_name(size_t i) {
  return fmt::format("state_{}", i);
}

// One call of the layer.
class RnnCall {
 public:
  RnnCall(CallScope& scope, const Rnn& rnn, const Tensors& inputs)
      : scope_(scope), b_(scope.b), rnn_(rnn), output_mask_(inputs[0].mask) {
    if (inputs.size() == 1 || inputs[0].mask_given || rnn.mask_with_states) mask_ = inputs[0].mask;
    x_ = swap_time(b_, inputs[0].value);
    steps_ = b_.shape(x_)[0].size;
    for (size_t i = 0; i < rnn.cell.states; ++i) initial_.push_back(initial_state(i, inputs));
    // Unrolled, Keras's output before the first step is zero; otherwise it is the state.
    zero_before_ = mask_ >= 0 && rnn.unroll && (inputs.size() > 1 || rnn.stateful);
    zero_masked_ = mask_ >= 0 && rnn.zero_masked && !rnn.unroll;
  }

  Tensors run() {
    const ValueId loop = make_loop();
    Tensors outputs{{output(loop), rnn_.sequences ? output_mask_ : -1}};
    for (size_t i = 0; i < rnn_.cell.states; ++i) {
      const ValueId state = final_carry(b_, loop, static_cast<int64_t>(i));
      if (rnn_.stateful) scope_.update(memory_name(i), state);
      if (rnn_.states) outputs.push_back({state});
    }
    return outputs;
  }

 private:
  Shape state_shape() const { return {b_.shape(x_)[1], Dim{rnn_.cell.units, false}}; }
  ValueId zeros() { return broadcast_to(b_, constant(b_, 0.0), state_shape()); }

  ValueId initial_state(size_t i, const Tensors& inputs) {
    if (inputs.size() > 1) return inputs[i + 1].value;
    return rnn_.stateful ? scope_.weight(memory_name(i)) : zeros();
  }

  ValueId make_loop() {
    ChildScope cell_scope(scope_, rnn_.cell.name);
    CellOperands given = rnn_.cell.prepare(cell_scope, x_);
    ScanOperands operands;
    operands.steps = steps_;
    operands.reverse = rnn_.backwards;
    operands.carries = initial_;
    if (zero_before_) operands.carries.push_back(zeros());
    operands.sequences = given.sequences;
    operands.invariants = given.invariants;
    if (mask_ >= 0) {
      operands.mask = static_cast<int64_t>(operands.sequences.size());
      operands.sequences.push_back(swap_time(b_, mask_));
    }
    return scan(b_, operands, [&](ScanStep& s) { return step(s); });
  }

  ScanOutputs step(ScanStep& s) {
    ScanOutputs outputs;
    const std::vector<ValueId> next = rnn_.cell.step(s);
    if (mask_ < 0) {
      outputs.carries = next;
      return outputs;
    }
    const ValueId mask = broadcast_in_dims(s.b, s.sequences.back(), Shape(s.b.shape(next[0])), {0});
    for (size_t i = 0; i < next.size(); ++i) outputs.carries.push_back(select(s.b, mask, next[i], s.carries[i]));
    if (zero_before_) outputs.carries.push_back(select(s.b, mask, next[0], s.carries.back()));
    if (zero_masked_) outputs.stacked.push_back(select(s.b, mask, next[0], constant(s.b, 0.0)));
    return outputs;
  }

  ValueId output(ValueId loop) {
    const int64_t carry = zero_before_ ? static_cast<int64_t>(rnn_.cell.states) : 0;
    if (!rnn_.sequences && !zero_masked_) return final_carry(b_, loop, carry);
    ValueId all = zero_masked_ ? stacked_output(b_, loop, 0) : carries_after(b_, loop, carry);
    if (!rnn_.sequences) {
      const int64_t last = rnn_.backwards ? 0 : steps_ - 1;
      const ValueId part = slice(b_, all, {last, 0, 0}, {1, b_.shape(all)[1].size, rnn_.cell.units}, {1, 1, 1});
      return reshape(b_, part, state_shape());
    }
    if (rnn_.backwards) all = reverse(b_, all, 0);
    return swap_time(b_, all);
  }

  CallScope& scope_;
  Builder& b_;
  const Rnn& rnn_;
  const ValueId output_mask_;
  ValueId mask_ = -1;
  ValueId x_ = -1;
  int64_t steps_ = 0;
  std::vector<ValueId> initial_;
  bool zero_before_ = false, zero_masked_ = false;
};

std::optional<Shapes> infer_rnn(const Rnn& rnn, const Shapes& inputs, const std::string& name, const Misfit& misfit) {
  const Shape& x = inputs[0];
  if (x.size() != 3)
    return misfit(fmt::format("{} needs an input (batch, steps, features), not {}", name, keras_shape(x)));
  if (rnn.stateful && x[0].size != 1) return misfit(fmt::format("a stateful {} cannot be applied step by step", name));
  const Shape state{x[0], Dim{rnn.cell.units, false}};
  if (inputs.size() != 1 && inputs.size() != 1 + rnn.cell.states)
    return misfit(fmt::format("{} takes {} initial state{}, not {}", name, rnn.cell.states,
                              rnn.cell.states == 1 ? "" : "s", inputs.size() - 1));
  for (size_t i = 1; i < inputs.size(); ++i)
    if (inputs[i] != state)
      return misfit(fmt::format("the initial state of {} has shape {}, expected {}", name, keras_shape(inputs[i]),
                                keras_shape(state)));
  Shapes outputs{rnn.sequences ? Shape{x[0], x[1], state[1]} : state};
  if (rnn.states) outputs.insert(outputs.end(), rnn.cell.states, state);
  return outputs;
}

std::vector<Weight> rnn_weights(const Rnn& rnn, const Shapes& inputs) {
  std::vector<Weight> weights = rnn.cell.weights(inputs[0][2].size);
  for (size_t i = 0; i < weights.size(); ++i) weights[i].file = fmt::format("vars/{}", i);
  weights = inside(rnn.cell.name, "cell", std::move(weights));
  for (size_t i = 0; rnn.stateful && i < rnn.cell.states; ++i)
    weights.push_back(memory(memory_name(i), {rnn.cell.units}));
  return weights;
}

LayerBody rnn_layer(LayerConfig& c, Cell cell) {
  const Rnn rnn = read_rnn(c, std::move(cell));
  LayerBody body;
  body.activation = rnn.cell.activation;
  body.max_inputs = 1 + rnn.cell.states;
  body.infer_all = [=, name = c.subject(), misfit = Misfit(c)](const Shapes& inputs) {
    return infer_rnn(rnn, inputs, name, misfit);
  };
  body.weights = [=](const Shapes& inputs) { return rnn_weights(rnn, inputs); };
  body.call_all = [=](CallScope& scope, const Tensors& inputs) { return RnnCall(scope, rnn, inputs).run(); };
  return body;
}

}  // namespace

LayerBody simple_rnn(LayerConfig& c) {
  return rnn_layer(c, read_simple_rnn_cell(c));
}
LayerBody lstm(LayerConfig& c) {
  return rnn_layer(c, read_lstm_cell(c));
}
LayerBody gru(LayerConfig& c) {
  return rnn_layer(c, read_gru_cell(c));
}

}  // namespace kcc
