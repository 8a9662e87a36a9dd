// Reads an opened model file, whichever Keras wrote it: ModelFile -> ModelSpec. Older versions are rewritten to the
// words of the next until they are Keras 3's.
#pragma once

#include <optional>

#include "frontend/model_file.h"
#include "frontend/model_spec.h"

namespace kcc {

std::optional<ModelSpec> read_model(const ModelFile& file, Diagnostics& diagnostics);

}  // namespace kcc
