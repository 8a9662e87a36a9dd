// Whole training steps as graphs, made with the builder functions alone: what passes and plans are tested on.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/module.h"

namespace kcc::testing {

// Each module has states and a `train` graph with inputs x and y.
// Dense, relu, dropout, dense, softmax cross-entropy, accuracy; Adam; metrics.
Module mlp_module();
// Convolution, batch normalization, relu, max pooling, a residual convolution with stride, average pooling, a
// concatenation of a strided slice, dense with tanh, mean squared error; SGD with momentum.
Module convnet_module();

}  // namespace kcc::testing
