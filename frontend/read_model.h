// Recognises a model file by its content and reads it: bytes -> ModelSpec. Each version and format has its own
// reader; whatever it is, the result is the same.
#pragma once

#include <optional>
#include <string>

#include "frontend/model_spec.h"

namespace kcc {

std::optional<ModelSpec> read_model(const std::string& bytes, const std::string& file, Diagnostics& diagnostics);

}  // namespace kcc
