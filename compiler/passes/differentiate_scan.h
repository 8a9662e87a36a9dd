// The gradient of a loop over time: a loop the other way whose body is the step's own gradient.
//
// What the backward step needs of the forward step is read from stacks: carries that are stacked anyway, results of
// products and transcendental functions that the forward loop now stacks too; everything cheap is computed again.
// Where a step would add a product over the batch to the gradient of an invariant (a weight), its factors are stacked
// and multiplied once, over all steps and samples, after the loop; sums over the batch likewise (a bias). Any other
// gradient of an invariant is a carry of the backward loop.
#pragma once

#include <functional>
#include <map>

#include "compiler/ops/builder.h"

namespace kcc {

using ResultGradients = std::map<int64_t, ValueId>;  // by the scan's result

// Appends the backward loop to the builder's graph and changes node `scan` to stack more. `needs` and `add` speak of
// the scan's operands, as in GradContext.
void differentiate_scan(Builder& b, ValueId scan, const ResultGradients& gradients,
                        const std::function<bool(int i)>& needs, const std::function<void(int i, ValueId g)>& add);

}  // namespace kcc
