// The stable text form of graphs: for --emit, dumps, golden tests and as part of the key of compiled kernels.
//   graph predict(x: f32(B, 20)) {
//     %0 = input {index: 0} : f32(B, 20)
//     %1 = state {index: 0} : f32(20, 64)            # dense/kernel
//     %2 = matmul %0, %1 {transpose_a: 0, transpose_b: 0} : f32(B, 64)    # dense
//     output y = %2
//     write 3 = %2
//   }
// The body of a loop follows its node, indented.
#pragma once

#include <string>

#include "compiler/ir/module.h"

namespace kcc {

// Without comments: everything that the graph means and nothing else.
std::string to_string(const Graph& graph);
// With layers and state names as comments.
std::string to_string(const Graph& graph, const Module& module);
// The state table, one a line.
std::string states_to_string(const Module& module);

}  // namespace kcc
