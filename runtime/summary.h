// summary: the table of layers as Keras 3's model.summary() prints it (keras/src/utils/summary_utils.py, which draws
// with rich).
#pragma once

#include <string>

#include "runtime/program.h"

namespace kcc::runtime {

// `terminal_width` in columns; `utf8` false draws the frame in ASCII.
std::string summary_text(const Program& program, int terminal_width, bool utf8);

}  // namespace kcc::runtime
