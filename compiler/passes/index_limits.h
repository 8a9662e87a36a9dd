// index_limits: which inputs of a program are indices into a table, and how long that table is, so that the runtime can
// refuse other data with a message that names the sample; kernels would quietly take the nearest row.
#pragma once

#include "compiler/ir/module.h"

namespace kcc {

// Sets NamedType::index_limit of module.inputs and of the graphs' inputs, by the shortest table that an input indexes.
void find_index_limits(Module& module);

}  // namespace kcc
