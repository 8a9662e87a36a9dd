// Keras 3's .weights.h5: which dataset of the file is which state of the program. The frontend gave each state its
// path there (StateInfo::file_path: "layers/dense/vars/0", "optimizer/vars/1"), so nothing of Keras's naming is known
// here.
#pragma once

#include <string>

#include "runtime/program.h"
#include "runtime/weights/hdf5_tree.h"
#include "runtime/weights/weights_tree.h"

namespace kcc::runtime {

// As load_weights_tree. Every weight must be there with its shape, and
// the file may hold no other. The optimizer's variables are taken only if all fit, as in Keras.
Result<LoadedWeights> load_keras_weights(const Program& program, const std::string& source, const Hdf5Tree& tree,
                                         bool with_optimizer, char* state);

// The tree to write; it points into `state`.
Hdf5Tree keras_weights_tree(const Program& program, const char* state);

}  // namespace kcc::runtime
