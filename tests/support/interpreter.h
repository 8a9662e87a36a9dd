// Interpreter: the meaning of every operation as plain loops over doubles. It is the oracle that passes and kernels
// are tested against; it shares no code with them.
#pragma once

#include <map>
#include <vector>

#include "compiler/ir/graph.h"
#include "tests/support/array.h"

namespace kcc::testing {

struct Evaluation {
  std::vector<Array> values;        // of every node
  std::vector<Array> outputs;       // by position in Graph::outputs
  std::map<StateId, Array> writes;  // the new value of each state that the graph writes
};

// Inputs by position in Graph::inputs, states by StateId (those that are not read may be empty). Aborts on arrays
// whose extents are not those of the types at this batch size.
Evaluation interpret(const Graph& graph, int64_t batch, const std::vector<Array>& inputs,
                     const std::vector<Array>& states = {});

}  // namespace kcc::testing
