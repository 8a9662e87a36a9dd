// Regularizers: what a weight adds to the loss.
#pragma once

#include <string>

#include "compiler/ops/builder.h"
#include "frontend/config_reader.h"

namespace kcc {

// l1 * sum(|w|) + l2 * sum(w^2); and how far the rows or columns of a matrix are from orthogonal.
struct Penalty {
  enum class Lines { kRows, kColumns };

  double l1 = 0, l2 = 0, orthogonal = 0;
  Lines lines = Lines::kRows;

  bool is_none() const { return l1 == 0 && l2 == 0 && orthogonal == 0; }
};

Penalty read_penalty(ConfigReader& config, const std::string& key);
// As Keras's classes are called.
std::vector<std::string> regularizer_names();
ValueId penalty_of(Builder& b, ValueId weight, const Penalty& penalty);

}  // namespace kcc
