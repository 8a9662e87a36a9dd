// A program's weights layer by layer, as .h5 files of any Keras list them.
#pragma once

#include <string>
#include <vector>

#include "runtime/program.h"

namespace kcc::runtime {

struct ProgramLayer {
  std::string name;
  std::vector<const StateInfo*> states;  // those that train first
  size_t trained = 0;                    // how many do
};

// Layers that have weights, in Keras's order.
std::vector<ProgramLayer> layers_of(const Program& program);

}  // namespace kcc::runtime
