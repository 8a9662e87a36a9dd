// Stores of a body's results.
#pragma once

#include <vector>

#include "codegen/cpp/writer.h"
#include "codegen/kernels/collapse.h"

namespace kcc::cpp {

// All results of the position's rank, at this position: computed first, then stored.
void store_results(Writer& w, const Position& position);
// Where the body was collapsed; `outputs`: which of them.
void store_results(Writer& w, const Collapsed& collapsed, const std::vector<size_t>& outputs, const Position& position);
std::vector<size_t> all_outputs(const Graph& body);

// Loops over a shape, the last dimension in lanes.
void walk(Writer& w, const Shape& shape, const std::function<void(const Position& position)>& inside);

}  // namespace kcc::cpp
