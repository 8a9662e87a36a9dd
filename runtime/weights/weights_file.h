// Weights between files and the program's state block: --weights, --save and checkpoints. What is read is recognised by
// content: .weights.h5, .keras, and .h5 of any Keras; what is written goes by the name, as in Keras.
#pragma once

#include <string>

#include "runtime/files/result.h"
#include "runtime/program.h"
#include "runtime/weights/weights_tree.h"

namespace kcc::runtime {

// As load_weights_tree, from a file.
Result<LoadedWeights> load_weights(const Program& program, const std::string& path, bool with_optimizer, char* state);

// Atomic. The name's end says what: .weights.h5 weights and optimizer, .keras and .h5 the whole model.
Status save_weights(const Program& program, const std::string& path, const char* state);

// Whether save_weights can write this name; to ask before training begins.
Status check_weights_name(const Program& program, const std::string& path);

}  // namespace kcc::runtime
