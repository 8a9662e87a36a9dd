// Weights as Keras 1 and 2 stored them, brought to the layout that the program and Keras 3 have: Theano's convolutions
// flip their kernels, Keras 1 stored one array a gate of a recurrent layer, and NVIDIA's recurrent layers have their
// own order. What keras/src/legacy once did in preprocess_weights_for_loading.
#pragma once

#include <string>
#include <vector>

#include "runtime/data/array.h"
#include "runtime/program.h"

namespace kcc::runtime {

// Who wrote a weights file.
struct WeightsOrigin {
  int generation = 3;          // of Keras
  bool flips_kernels = false;  // Theano
};

// The arrays that a file holds for these states, which belong to one layer and come in the file's order; one array a
// state. `place` begins messages. Shapes are not compared here.
Result<std::vector<Array>> from_old_layouts(const WeightsOrigin& origin, const std::string& place,
                                            const std::vector<const StateInfo*>& states, std::vector<Array> arrays);

}  // namespace kcc::runtime
