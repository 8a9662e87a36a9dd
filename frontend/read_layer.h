// One layer of a model: LayerSpec -> LayerBody, complete: the recipe's own part and what all layers have in common
// (trainable, dtype, activity_regularizer, masks). A nested model is a layer like others.
#pragma once

#include <optional>

#include "frontend/layer.h"
#include "frontend/model_spec.h"

namespace kcc {

// Empty after reporting. `spec` must outlive the body.
std::optional<LayerBody> read_layer(const LayerSpec& spec, const Report& report, const Environment& environment);

}  // namespace kcc
