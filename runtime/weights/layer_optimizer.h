// The optimizer's variables in files that list weights by layer: group optimizer_weights of .h5 of any Keras. Keras 3,
// and TensorFlow since 2.11, go weight by weight; before, all weights' first slots came, then all second ones.
#pragma once

#include <string>
#include <vector>

#include "runtime/weights/hdf5_tree.h"
#include "runtime/weights/old_layouts.h"
#include "runtime/weights/program_layers.h"
#include "runtime/weights/state_values.h"

namespace kcc::runtime {

// A layer that trains, and how many arrays of it the file has slots for.
struct TrainedLayer {
  ProgramLayer layer;
  size_t arrays = 0;
};

// All of the optimizer's states, or none, with the reason in `note` where the file has some that do not fit.
std::vector<StateValues> match_layer_optimizer(const Program& program, const Hdf5Tree& tree,
                                               const WeightsOrigin& origin, const std::vector<TrainedLayer>& layers,
                                               std::string& note);

}  // namespace kcc::runtime
