// Weights that a program starts from: read from a file with the runtime's own reader, so that compiler and program
// agree on every format. Module and Plan and a file -> bytes.
#pragma once

#include <optional>
#include <string>

#include "compiler/ir/module.h"
#include "compiler/ir/plan.h"
#include "compiler/support/diagnostics.h"

namespace kcc {

// In the form of Program::initial_weights: the states with a place in a weights file, one after the other. Empty after
// an error.
std::optional<std::string> embed_weights(const Module& module, const Plan& plan, const std::string& file,
                                         Diagnostics& diagnostics);

}  // namespace kcc
