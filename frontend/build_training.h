// Adds what training needs: targets, losses, metrics, gradients and the optimizer's updates, as the module's
// evaluate and train graphs. Does nothing where no loss is known.
#pragma once

#include "frontend/bind_layers.h"

namespace kcc {

void build_training(BoundModel& model, const FrontendOptions& options, const Report& report, Module& module);

}  // namespace kcc
