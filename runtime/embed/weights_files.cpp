// The weights of a library's model as files. Archives (.keras) stay outside: with their decompression they would be a
// fifth of a small library. Libraries that are given as source come without this.
#include <cstring>
#include <string>

#include "runtime/embed/model.h"
#include "runtime/files/open_file.h"
#include "runtime/weights/hdf5_reader.h"
#include "runtime/weights/hdf5_writer.h"
#include "runtime/weights/keras_weights.h"
#include "runtime/weights/weights_tree.h"

namespace kcc::runtime {
namespace {

// The whole file. Not mapped: a map that another process cuts short would end the host program.
Result<OwnedArray> read_file(const std::string& path) {
  const Result<std::shared_ptr<const OpenFile>> file = OpenFile::open(path);
  if (!file) return file.error();
  Result<OwnedArray> memory = make_array(path, DType::kU8, {(*file)->size()});
  if (!memory) return memory;
  if (Status status = (*file)->read_at(0, memory->data, (*file)->size()); !status) return status.error();
  return memory;
}

Status load(const Program& program, const std::string& source, const std::byte* data, int64_t bytes, char* state) {
  if (bytes >= 4 && std::memcmp(data, "PK\x03\x04", 4) == 0)
    return make_error("%s: a .keras archive: extract its model.weights.h5 and load that", source.c_str());
  const Result<Hdf5Tree> tree = parse_hdf5(source, data, bytes, nullptr);
  if (!tree) return tree.error();
  const Result<LoadedWeights> loaded = load_weights_tree(program, source, *tree, program.train.run != nullptr, state);
  return loaded ? Status() : loaded.error();
}

}  // namespace

Code Model::load_weights(const char* path) {
  if (path == nullptr) return fail(Code::kBadArgument, "no name of a file");
  const Result<OwnedArray> file = read_file(path);
  if (!file) return fail(Code::kFile, file.error());
  const Status status = load(program_, path, file->data, file->array.bytes(), weights_->block.data());
  if (!status) return fail(Code::kFile, status.error());
  weights_->known = true;
  return Code::kOk;
}

Code Model::load_weights_from(const void* data, size_t bytes) {
  const Status status = load(program_, "weights in memory", static_cast<const std::byte*>(data),
                             static_cast<int64_t>(bytes), weights_->block.data());
  if (!status) return fail(Code::kFile, status.error());
  weights_->known = true;
  return Code::kOk;
}

Code Model::save_weights(const char* path) {
  if (path == nullptr) return fail(Code::kBadArgument, "no name of a file");
  if (!std::string(path).ends_with(".weights.h5"))
    return fail(Code::kBadArgument, "%s: expected a name that ends in .weights.h5", path);
  const Status status = write_hdf5(path, keras_weights_tree(program_, weights_->block.data()));
  return status ? Code::kOk : fail(Code::kFile, status.error());
}

}  // namespace kcc::runtime
