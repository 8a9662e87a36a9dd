// The shapes of a model's inputs: what the file says, with what it leaves open given on the command line.
#pragma once

#include <optional>

#include "frontend/frontend.h"
#include "frontend/model_layers.h"

namespace kcc {

// Empty after reporting.
std::optional<Shapes> input_shapes(const ModelLayers& model, const FrontendOptions& options, const Report& report);

}  // namespace kcc
