// Reads a model as Keras 3 writes it, `model.to_json()`, and short hand-written JSON of the same form in which
// whatever is left out takes Keras's default. JSON -> ModelSpec.
#pragma once

#include <optional>

#include "frontend/model_spec.h"
#include "frontend/report.h"

namespace kcc {

std::optional<ModelSpec> read_keras3(const json::Value& document, const Report& report);

}  // namespace kcc
