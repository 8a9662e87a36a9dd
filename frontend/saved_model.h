// Describes a model for the files that its program will save: the JSON that it came as, in Keras 3's words, completed
// so that Keras itself loads it: modules, names, an explicit input layer, calls. ModelSpec -> Module::saved.
#pragma once

#include "compiler/ir/module.h"
#include "frontend/model_spec.h"

namespace kcc {

// After the module's inputs are known. Where Keras 3 has no words for what an older version meant, the refusal says so.
void describe_model(const ModelSpec& spec, Module& module);

// {"module": module, "registered_name": null} where the object does not say it.
void name_module(json::Value& object, const char* module);

}  // namespace kcc
