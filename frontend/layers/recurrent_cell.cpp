#include "frontend/layers/recurrent_cell.h"

#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/recurrent_options.h"

namespace kcc {
namespace {

ValueId bias_of(CallScope& scope, const RecurrentOptions& o) {
  return o.kernel.use_bias ? scope.weight("bias") : -1;
}

// Row `r` of a bias of two rows.
ValueId bias_row(Builder& b, ValueId bias, int64_t r) {
  const Dim columns = b.shape(bias)[1];
  return reshape(b, slice(b, bias, {r, 0}, {1, columns.size}, {1, 1}), {columns});
}

// The recurrent kernel's columns of each gate, for products of states that were dropped gate by gate.
void add_gate_kernels(CallScope& scope, int64_t gates, int64_t units, CellOperands& operands) {
  const ValueId u = scope.weight("recurrent_kernel");
  for (int64_t k = 0; k < gates; ++k) operands.invariants.push_back(gate_of(scope.b, u, k, units));
}

void append(std::vector<ValueId>& to, const std::vector<ValueId>& values) {
  to.insert(to.end(), values.begin(), values.end());
}

// How many invariants a step has where states are dropped gate by gate: a kernel and a mask each.
bool dropped(const ScanStep& s, int64_t gates) {
  return static_cast<int64_t>(s.invariants.size()) >= 2 * gates;
}

// (h * mask_k) U_k
ValueId dropped_product(ScanStep& s, ValueId h, int64_t gates, int64_t k) {
  const size_t i = static_cast<size_t>(k);
  return matmul(s.b, mul(s.b, h, s.invariants[static_cast<size_t>(gates) + i]), s.invariants[i]);
}

}  // namespace

// h' = f(x W + b + h U)
Cell read_simple_rnn_cell(LayerConfig& c) {
  const RecurrentOptions o = read_recurrent_options(c, false);
  Cell cell{"simple_rnn_cell", o.units, 1, o.activation.name, nullptr, nullptr, nullptr};
  cell.weights = [=](int64_t features) { return o.weights(features, 1, {o.units}); };
  cell.prepare = [=](CallScope& scope, ValueId x) {
    CellOperands operands;
    operands.sequences = {project_gates(scope, o, x, bias_of(scope, o), 1, input_masks(scope, o, x, 1))};
    operands.invariants = {scope.weight("recurrent_kernel")};
    append(operands.invariants, state_masks(scope, o, x, 1));
    return operands;
  };
  cell.step = [=](ScanStep& s) {
    ValueId h = s.carries[0];
    if (s.invariants.size() > 1) h = mul(s.b, h, s.invariants[1]);
    const ValueId z = add(s.b, s.sequences[0], matmul(s.b, h, s.invariants[0]));
    return std::vector<ValueId>{o.activation(s.b, z)};
  };
  return cell;
}

// i, f, g, o = gates of x W + b + h U;  c' = f c + i g;  h' = o tanh(c')
Cell read_lstm_cell(LayerConfig& c) {
  RecurrentOptions o = read_recurrent_options(c, true);
  if (c.boolean("unit_forget_bias", true))
    o.kernel.bias = [own = o.kernel.bias, units = o.units](const std::vector<int64_t>&) {
      auto start = own({units});
      if (start) start->ones_first = start->ones_count = units;
      return start;
    };
  Cell cell{"lstm_cell", o.units, 2, o.activation.name, nullptr, nullptr, nullptr};
  cell.weights = [=](int64_t features) { return o.weights(features, 4, {4 * o.units}); };
  cell.prepare = [=](CallScope& scope, ValueId x) {
    CellOperands operands;
    operands.sequences = {project_gates(scope, o, x, bias_of(scope, o), 4, input_masks(scope, o, x, 4))};
    const std::vector<ValueId> masks = state_masks(scope, o, x, 4);
    if (masks.empty()) {
      operands.invariants = {scope.weight("recurrent_kernel")};
      return operands;
    }
    add_gate_kernels(scope, 4, o.units, operands);
    append(operands.invariants, masks);
    return operands;
  };
  cell.step = [=](ScanStep& s) {
    Builder& b = s.b;
    const ValueId h = s.carries[0];
    const bool by_gate = dropped(s, 4);
    const ValueId z = by_gate ? s.sequences[0] : add(b, s.sequences[0], matmul(b, h, s.invariants[0]));
    const auto gate = [&](int64_t k) {
      const ValueId part = gate_of(b, z, k, o.units);
      return by_gate ? add(b, part, dropped_product(s, h, 4, k)) : part;
    };
    const ValueId in = o.recurrent_activation(b, gate(0)), forget = o.recurrent_activation(b, gate(1));
    const ValueId next = add(b, mul(b, forget, s.carries[1]), mul(b, in, o.activation(b, gate(2))));
    const ValueId out = o.recurrent_activation(b, gate(3));
    return std::vector<ValueId>{mul(b, out, o.activation(b, next)), next};
  };
  return cell;
}

// z, r = gates;  h' = z h + (1 - z) f(x_h + r (h U_h + b_h)), or with reset_after=False f(x_h + (r h) U_h)
Cell read_gru_cell(LayerConfig& c) {
  const RecurrentOptions o = read_recurrent_options(c, true);
  const bool reset_after = c.boolean("reset_after", true);
  const bool two_biases = reset_after && o.kernel.use_bias;
  Cell cell{"gru_cell", o.units, 1, o.activation.name, nullptr, nullptr, nullptr};
  cell.weights = [=](int64_t features) {
    const int64_t columns = 3 * o.units;
    return o.weights(features, 3, two_biases ? std::vector<int64_t>{2, columns} : std::vector<int64_t>{columns});
  };
  // invariants: U or U_z, U_r, U_h and the masks, or U_zr and U_h; then the recurrent bias
  cell.prepare = [=](CallScope& scope, ValueId x) {
    Builder& b = scope.b;
    CellOperands operands;
    ValueId bias = bias_of(scope, o);
    if (two_biases) bias = bias_row(b, bias, 0);
    operands.sequences = {project_gates(scope, o, x, bias, 3, input_masks(scope, o, x, 3))};
    const std::vector<ValueId> masks = state_masks(scope, o, x, 3);
    const ValueId u = scope.weight("recurrent_kernel");
    if (!masks.empty())
      add_gate_kernels(scope, 3, o.units, operands);
    else if (reset_after)
      operands.invariants = {u};
    else
      operands.invariants = {gate_of(b, u, 0, o.units, 2), gate_of(b, u, 2, o.units)};
    append(operands.invariants, masks);
    if (two_biases) operands.invariants.push_back(bias_row(b, scope.weight("bias"), 1));
    return operands;
  };
  cell.step = [=](ScanStep& s) {
    Builder& b = s.b;
    const ValueId h = s.carries[0], x = s.sequences[0];
    const bool by_gate = dropped(s, 3);
    ValueId inner = by_gate ? -1 : matmul(b, h, s.invariants[0]);
    if (!by_gate && two_biases) inner = add(b, inner, s.invariants.back());
    const auto recurrent = [&](int64_t k) {
      if (!by_gate) return gate_of(b, inner, k, o.units);
      const ValueId product = dropped_product(s, h, 3, k);
      return two_biases ? add(b, product, gate_of(b, s.invariants.back(), k, o.units)) : product;
    };
    const auto gate = [&](int64_t k) {
      return o.recurrent_activation(b, add(b, gate_of(b, x, k, o.units), recurrent(k)));
    };
    const ValueId z = gate(0), r = gate(1);
    ValueId candidate;
    if (reset_after) {
      candidate = mul(b, r, recurrent(2));
    } else {
      const ValueId kept = by_gate ? mul(b, h, s.invariants[5]) : h;
      candidate = matmul(b, mul(b, r, kept), s.invariants[by_gate ? 2 : 1]);
    }
    candidate = o.activation(b, add(b, gate_of(b, x, 2, o.units), candidate));
    return std::vector<ValueId>{add(b, mul(b, z, h), mul(b, sub(b, 1.0, z), candidate))};
  };
  return cell;
}

}  // namespace kcc
