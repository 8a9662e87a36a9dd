// Cells: what SimpleRNN, LSTM and GRU do in one step. recurrent.cpp makes layers of them. Inputs are time-major here,
// and what does not depend on the state is computed for all steps before the loop.
#pragma once

#include <string>
#include <vector>

#include "compiler/ops/scan.h"
#include "frontend/activations.h"
#include "frontend/layer_config.h"

namespace kcc {

// What a step sees of the layer's input, and whole.
struct CellOperands {
  std::vector<ValueId> sequences, invariants;
};

struct Cell {
  std::string name;  // "lstm_cell"
  int64_t units = 0;
  size_t states = 1;       // h, and the LSTM's c
  std::string activation;  // its name

  // For an input of so many features; names and places within the cell.
  std::function<std::vector<Weight>(int64_t features)> weights;
  // x: (T, B, features). `scope` is the cell's.
  std::function<CellOperands(CallScope& scope, ValueId x)> prepare;
  // The next states, h first, from those in step.carries and the operands, in their order.
  std::function<std::vector<ValueId>(ScanStep& step)> step;
};

Cell read_simple_rnn_cell(LayerConfig& c);
Cell read_lstm_cell(LayerConfig& c);
Cell read_gru_cell(LayerConfig& c);

}  // namespace kcc
