// compile: the driver. Calls the stages in order and does nothing else.
#pragma once

#include "compiler/options.h"
#include "compiler/support/diagnostics.h"

namespace kcc {

// False when diagnostics say why; then no output file was left or changed.
bool compile(const Options& options, Diagnostics& diagnostics);

}  // namespace kcc
