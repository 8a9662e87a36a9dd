#include "runtime/weights/weights_file.h"

#include <cstring>
#include <optional>

#include "runtime/files/mapped_file.h"
#include "runtime/files/zip_reader.h"
#include "runtime/weights/hdf5_reader.h"
#include "runtime/weights/hdf5_writer.h"
#include "runtime/weights/keras_weights.h"
#include "runtime/weights/whole_model.h"

namespace kcc::runtime {
namespace {

enum class Format { kWeights, kArchive, kLegacy };

// By the name, as in Keras.
std::optional<Format> format_of(const std::string& path) {
  if (path.ends_with(".weights.h5")) return Format::kWeights;
  if (path.ends_with(".keras")) return Format::kArchive;
  if (path.ends_with(".h5") || path.ends_with(".hdf5")) return Format::kLegacy;
  return std::nullopt;
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

Status check_weights_name(const Program& program, const std::string& path) {
  const std::optional<Format> format = format_of(path);
  if (!format)
    return make_error(
        "%s: %s, expected a name that ends in .weights.h5, .keras or .h5", path.c_str(),
        path.ends_with(".weights.json") ? "sharded weights are not supported" : "not a weights file by its name");
  if (*format == Format::kWeights || !*program.saved.refusal) return {};
  return make_error(
      "%s: Keras 3 could not load this model: %s: save its weights alone, in a file whose name ends in .weights.h5",
      path.c_str(), program.saved.refusal);
}

Result<LoadedWeights> load_weights(const Program& program, const std::string& path, bool with_optimizer, char* state) {
  Result<Hdf5Tree> tree = read_tree(program, path);
  if (!tree) return tree.error();
  return load_weights_tree(program, path, *tree, with_optimizer, state);
}

Status save_weights(const Program& program, const std::string& path, const char* state) {
  if (Status status = check_weights_name(program, path); !status) return status;
  switch (*format_of(path)) {
    case Format::kArchive:
      return save_keras_archive(program, path, state);
    case Format::kLegacy:
      return save_legacy_model(program, path, state);
    case Format::kWeights:
      break;
  }
  return write_hdf5(path, keras_weights_tree(program, state));
}

}  // namespace kcc::runtime
