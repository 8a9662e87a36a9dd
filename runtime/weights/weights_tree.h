// Weights out of an HDF5 file, whichever way Keras arranged it.
#pragma once

#include <string>

#include "runtime/files/result.h"
#include "runtime/program.h"
#include "runtime/weights/hdf5_tree.h"

namespace kcc::runtime {

struct LoadedWeights {
  bool optimizer_restored = false;
  std::string
      optimizer_note;  // why not, where the file holds optimizer variables that do not fit ("it is ..."); else ""
};

// Fills the states that the file keeps and leaves the others (metrics, random keys) as they are. On an Error, which
// begins with `source`, the state block is untouched. with_optimizer false: --reset-optimizer.
Result<LoadedWeights> load_weights_tree(const Program& program, const std::string& source, const Hdf5Tree& tree,
                                        bool with_optimizer, char* state);

}  // namespace kcc::runtime
