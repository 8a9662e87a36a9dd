// Weights files that list layers and, of each layer, its weights: .h5 of Keras 1, 2 and 3, weights alone or a whole
// model. As in Keras, a layer's weights go by position, those that train first. Layers go by name where the file and
// the model name the same ones, else by position too.
#pragma once

#include <string>

#include "runtime/program.h"
#include "runtime/weights/hdf5_tree.h"
#include "runtime/weights/weights_tree.h"

namespace kcc::runtime {

bool is_layer_weights(const Hdf5Tree& tree);

// As load_weights_tree.
Result<LoadedWeights> load_layer_weights(const Program& program, const std::string& source, const Hdf5Tree& tree,
                                         bool with_optimizer, char* state);

}  // namespace kcc::runtime
