// The arguments of compile() that are in force, the file's and the command line's, for the files that the program will
// save. TrainingSpec -> Module::saved.
#pragma once

#include "compiler/ir/module.h"
#include "frontend/training/compile_arguments.h"

namespace kcc {

void describe_training(const TrainingSpec& spec, Module& module);

}  // namespace kcc
