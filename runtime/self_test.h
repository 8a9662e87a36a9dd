// The self-check: what a model computes against the outputs that were stored with it (Program::self_test). The
// trainer's verify and libraries compare by this alone. Plain C++ without the standard library, as cpu.h.
#pragma once

#include <cstdint>

#include "runtime/program.h"

namespace kcc::runtime {

// Of one output.
struct OutputDifference {
  double allowed = 0;
  double largest = 0;            // |got - expected|; infinite where one of the two is a number and the other is none
  int64_t element = -1;          // where it is, counted through all rows; -1: no element differs
  double got = 0, expected = 0;  // there

  bool good() const { return largest <= allowed; }
};

// Nothing compared yet. Allowed is 1e-4 of the largest expected magnitude, and 1e-6: sums of the same numbers in
// another order differ by some 1e-6 of the largest, through tens of layers by some 1e-5; wrong weights, inputs in
// another order or a layer that means something else differ by far more than 1e-4. Integers and booleans must be equal.
// `expected`: all rows, of the output's type.
OutputDifference begin_comparison(const TensorInfo& output, int64_t rows, const void* expected);

// Takes rows first .. first + count in; `got` begins with row `first`.
void compare_rows(const TensorInfo& output, const void* expected, const void* got, int64_t first, int64_t count,
                  OutputDifference* difference);

}  // namespace kcc::runtime
