// Compares gradients by differentiate() with central differences, both computed by the interpreter in double.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/ops/builder.h"
#include "tests/support/array.h"

namespace kcc::testing {

// Builds an f32 value of any shape out of f32 inputs.
using BuildFunction = std::function<ValueId(Builder& b, const std::vector<ValueId>& inputs)>;

// A function with a loss on top, sum(build(inputs) * weights): one weight an element, so that no error cancels.
// The graph's inputs are those of the function, then the weights; its outputs are the loss and then its gradient
// with respect to each of the function's inputs.
Graph differentiated(const std::vector<Shape>& inputs, const BuildFunction& build);

// The largest difference between the two gradients over all inputs, relative to the largest gradient of that input,
// where the function is smooth: `at` must lie away from kinks.
double gradient_error(const std::vector<Shape>& inputs, const BuildFunction& build, const std::vector<Array>& at,
                      int64_t batch);

// Arrays for the shapes whose values all differ, by more than any step of the differences, and evenly fill
// (low, high), in random order.
std::vector<Array> distinct_arrays(const std::vector<Shape>& shapes, int64_t batch, double low, double high);

}  // namespace kcc::testing
