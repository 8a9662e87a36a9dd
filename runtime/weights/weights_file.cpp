#include "runtime/weights/weights_file.h"

#include <cstring>

#include "runtime/files/mapped_file.h"
#include "runtime/files/zip_reader.h"
#include "runtime/weights/hdf5_reader.h"
#include "runtime/weights/hdf5_writer.h"
#include "runtime/weights/keras_weights.h"
#include "runtime/weights/layer_weights.h"

namespace kcc::runtime {
namespace {

bool is_keras3_weights(const std::string& path) {
  return path.ends_with(".weights.h5");
}

Error cannot_write(const std::string& path) {
  const char* kind = path.ends_with(".keras")          ? "writing .keras archives is not supported yet"
                     : path.ends_with(".h5")           ? "writing the .h5 files of Keras 1 and 2 is not supported yet"
                     : path.ends_with(".hdf5")         ? "writing the .hdf5 files of Keras 1 and 2 is not supported yet"
                     : path.ends_with(".weights.json") ? "sharded weights are not supported"
                                                       : "not a weights file by its name";
  return make_error("%s: %s, expected a name that ends in .weights.h5", path.c_str(), kind);
}

// A file's first bytes.
bool begins(const MappedFile& file, const char* magic, size_t bytes) {
  return file.size() >= static_cast<int64_t>(bytes) && std::memcmp(file.data(), magic, bytes) == 0;
}

// The weights inside a .keras archive. Their size is bounded by what the program needs: its states in doubles, with
// an optimizer that it may not have.
Result<Hdf5Tree> read_archive(const Program& program, const std::string& path) {
  Result<ZipReader> zip = ZipReader::open(path);
  if (!zip) return zip.error();
  const char* name = "model.weights.h5";
  Result<int64_t> bytes = zip->open_member(name);
  if (!bytes) return bytes.error();
  if (*bytes > 16 * program.state_bytes + (int64_t{64} << 20))
    return make_error("%s: '%s' has %lld bytes, far more than this model's weights", path.c_str(), name,
                      static_cast<long long>(*bytes));
  const std::string source = path + ":" + name;
  Result<OwnedArray> memory = make_array(source, DType::kU8, {*bytes});
  if (!memory) return memory.error();
  if (Status status = zip->read(memory->data, *bytes); !status) return status.error();
  if (Status status = zip->close_member(); !status) return status.error();
  return parse_hdf5(source, memory->data, *bytes, memory->array.owner);
}

// By content, whatever the name.
Result<Hdf5Tree> read_tree(const Program& program, const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  if (begins(**file, "PK\x03\x04", 4)) return read_archive(program, path);
  if (begins(**file, "\x89HDF\r\n\x1a\n", 8)) return parse_hdf5(path, (*file)->data(), (*file)->size(), *file);
  return make_error("%s: %s, expected .weights.h5, .h5 or .keras as Keras writes them", path.c_str(),
                    path.ends_with(".weights.json") ? "sharded weights are not supported" : "not a weights file");
}

}  // namespace

Status check_weights_name(const std::string& path) {
  if (is_keras3_weights(path)) return {};
  return cannot_write(path);
}

Result<LoadedWeights> load_weights(const Program& program, const std::string& path, bool with_optimizer, char* state) {
  Result<Hdf5Tree> tree = read_tree(program, path);
  if (!tree) return tree.error();
  if (is_layer_weights(*tree)) return load_layer_weights(program, path, *tree, state);
  return load_keras_weights(program, path, *tree, with_optimizer, state);
}

Status save_weights(const Program& program, const std::string& path, const char* state) {
  if (!is_keras3_weights(path)) return cannot_write(path);
  return write_hdf5(path, keras_weights_tree(program, state));
}

}  // namespace kcc::runtime
