// Sums over the steps of a loop without adding step by step: where a step's value is a product or a sum over the batch,
// moved about at most, the sum over all steps is one product or sum over steps and batch of what the steps stacked.
#pragma once

#include <functional>
#include <vector>

#include "compiler/ops/builder.h"

namespace kcc {

// The summands of a value.
std::vector<ValueId> terms_of(const Graph& step, ValueId value);

// Whether the sum of `term` over all steps can be had from stacks, and of which values of the step.
bool find_step_factors(const Graph& step, ValueId term, std::vector<ValueId>* factors);

// That sum, in the builder's graph, where `stacked` gives the stack (steps, ...) of a factor.
ValueId sum_over_steps(Builder& b, const Graph& step, ValueId term, const std::function<ValueId(ValueId)>& stacked);

}  // namespace kcc
