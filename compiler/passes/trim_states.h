// trim_states: drops states that no graph reads or writes (but weights and statistics), for programs that only predict.
#pragma once

#include "compiler/ir/module.h"

namespace kcc {

void trim_states(Module& module);

}  // namespace kcc
