#include "runtime/weights/weights_tree.h"

#include "runtime/weights/keras_weights.h"
#include "runtime/weights/layer_weights.h"

namespace kcc::runtime {

Result<LoadedWeights> load_weights_tree(const Program& program, const std::string& source, const Hdf5Tree& tree,
                                        bool with_optimizer, char* state) {
  if (is_layer_weights(tree)) return load_layer_weights(program, source, tree, with_optimizer, state);
  return load_keras_weights(program, source, tree, with_optimizer, state);
}

}  // namespace kcc::runtime
