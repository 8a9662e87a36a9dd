// Opens a model file of any kind, recognised by its content: JSON, a .keras archive, a whole model in HDF5. Archives
// are read with the runtime's own readers. Bytes -> ModelText, for the frontend.
#pragma once

#include <optional>
#include <string>

#include "compiler/support/diagnostics.h"
#include "frontend/model_file.h"

namespace kcc {

// `file` is for messages. Empty after reporting.
std::optional<ModelText> open_model(const std::string& bytes, const std::string& file, Diagnostics& diagnostics);

}  // namespace kcc
