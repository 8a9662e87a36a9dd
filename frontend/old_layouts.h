// Notes on each weight how the .h5 files of older Keras versions keep it: by which layer, and in which layout.
// ModelSpec and Module -> Module.
#pragma once

#include "compiler/ir/module.h"
#include "frontend/model_spec.h"

namespace kcc {

void note_old_layouts(const ModelSpec& model, Module& module);

}  // namespace kcc
