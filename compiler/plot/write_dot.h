// A diagram in Graphviz's language, word by word as keras.utils.model_to_dot has it but for the names of nodes.
#pragma once

#include <string>

#include "compiler/ir/diagram.h"

namespace kcc::plot {

std::string write_dot(const Diagram& diagram, bool left_to_right, int dpi);

}  // namespace kcc::plot
