#include "runtime/weights/weights_file.h"

#include "runtime/weights/hdf5_reader.h"
#include "runtime/weights/hdf5_writer.h"
#include "runtime/weights/keras_weights.h"

namespace kcc::runtime {
namespace {

bool is_keras3_weights(const std::string& path) {
  return path.ends_with(".weights.h5");
}

Error unsupported(const std::string& path) {
  const char* kind = path.ends_with(".keras")          ? ".keras archives are not supported yet"
                     : path.ends_with(".h5")           ? "the .h5 files of Keras 1 and 2 are not supported yet"
                     : path.ends_with(".hdf5")         ? "the .hdf5 files of Keras 1 and 2 are not supported yet"
                     : path.ends_with(".weights.json") ? "sharded weights are not supported"
                                                       : "not a weights file by its name";
  return make_error("%s: %s, expected a name that ends in .weights.h5", path.c_str(), kind);
}

}  // namespace

Status check_weights_name(const std::string& path) {
  if (is_keras3_weights(path)) return {};
  return unsupported(path);
}

Result<LoadedWeights> load_weights(const Program& program, const std::string& path, bool with_optimizer, char* state) {
  if (!is_keras3_weights(path)) return unsupported(path);
  Result<Hdf5Tree> tree = read_hdf5(path);
  if (!tree) return tree.error();
  return load_keras_weights(program, path, *tree, with_optimizer, state);
}

Status save_weights(const Program& program, const std::string& path, const char* state) {
  if (!is_keras3_weights(path)) return unsupported(path);
  return write_hdf5(path, keras_weights_tree(program, state));
}

}  // namespace kcc::runtime
