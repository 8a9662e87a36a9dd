// The picture of a model, with the words and the choices of keras.utils.plot_model. ModelLayers -> Diagram.
#pragma once

#include "compiler/ir/diagram.h"
#include "frontend/frontend.h"
#include "frontend/model_layers.h"

namespace kcc {

// After infer_model and call_model, which know shapes and types. `fixed_batch` as in Module.
Diagram draw_model(const ModelLayers& model, const DiagramOptions& options, int64_t fixed_batch);

}  // namespace kcc
