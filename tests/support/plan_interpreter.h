// Runs a Plan's calls in order over memory laid out as the plan says, each kernel by the interpreter: if two values
// share bytes that they must not share, or a call comes too early, the results differ from the graph's.
#pragma once

#include <vector>

#include "compiler/ir/plan.h"
#include "tests/support/array.h"

namespace kcc::testing {

struct PlanEvaluation {
  std::vector<Array> outputs;
  std::vector<Array> states;  // after the calls
};

PlanEvaluation interpret(const Plan& plan, const EntryPlan& entry, int64_t batch, const std::vector<Array>& inputs,
                         const std::vector<Array>& states);

}  // namespace kcc::testing
