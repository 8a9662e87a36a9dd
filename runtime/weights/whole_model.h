// Files of the whole model, as Keras 3 writes and loads them: its description (Program::saved), weights and optimizer.
#pragma once

#include <string>

#include "runtime/files/result.h"
#include "runtime/program.h"

namespace kcc::runtime {

// A zip archive of config.json, metadata.json and model.weights.h5. Atomic, as all here.
Status save_keras_archive(const Program& program, const std::string& path, const char* state);

// The .h5 that began with Keras 1: attributes model_config and training_config, groups model_weights and
// optimizer_weights. keras/src/legacy/saving/legacy_h5_format.py.
Status save_legacy_model(const Program& program, const std::string& path, const char* state);

}  // namespace kcc::runtime
