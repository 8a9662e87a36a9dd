// The layer table of `kcc summary`: the same that a trainer's own `summary` prints.
#pragma once

#include <string>

#include "compiler/ir/module.h"

namespace kcc {

std::string summary_text(const Module& module);

}  // namespace kcc
