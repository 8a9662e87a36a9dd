#include "runtime/callbacks/checkpoint.h"

#include <zlib.h>

#include <cstring>

#include "runtime/callbacks/record.h"
#include "runtime/weights/hdf5_reader.h"
#include "runtime/weights/hdf5_writer.h"
#include "runtime/weights/keras_weights.h"

namespace kcc::runtime {
namespace {

constexpr const char* kRun = "training/run";
constexpr const char* kIdentity = "training/identity";
constexpr const char* kChecksum = "training/checksum";

struct Checksum {
  int64_t value = 0;
  void exchange(Record& record) { record.field("crc32", &value); }
};

std::string path_of(const Program& program, int32_t state) {
  const char* path = program.states[state].file_path;
  return *path ? path : "training/states/" + std::to_string(state);
}

std::vector<int64_t> shape_of(const TensorInfo& tensor) {
  return std::vector<int64_t>(tensor.extents, tensor.extents + tensor.rank);
}

// Of all names and numbers but its own: a flipped bit is found before it trains on.
int64_t checksum(const Hdf5Tree& tree) {
  uLong sum = crc32_z(0, nullptr, 0);
  for (const auto& [path, object] : tree) {
    if (!object.dataset || path.starts_with(kChecksum)) continue;
    sum = crc32_z(sum, reinterpret_cast<const Bytef*>(path.c_str()), path.size());
    sum = crc32_z(sum, reinterpret_cast<const Bytef*>(object.dataset->data),
                  static_cast<size_t>(object.dataset->bytes()));
  }
  return static_cast<int64_t>(sum);
}

template <typename Object>
Status save(Hdf5Tree* tree, const char* path, Object& object) {
  Record record = Record::save(tree, path);
  object.exchange(record);
  return record.status();
}

template <typename Object>
Status load(const Hdf5Tree& tree, const char* path, Object& object) {
  Record record = Record::load(&tree, path);
  object.exchange(record);
  return record.status();
}

Status check_whole(const Hdf5Tree& tree) {
  Checksum saved;
  if (Status status = load(tree, kChecksum, saved); !status) {
    return make_error("it has weights alone, no run to go on with");
  }
  return saved.value == checksum(tree) ? Status() : make_error("it is damaged: its checksum does not fit");
}

Status load_states(const Hdf5Tree& tree, const Program& program, char* data) {
  for (int32_t i = 0; i < program.state_count; ++i) {
    const StateInfo& state = program.states[i];
    const auto found = tree.find(path_of(program, i));
    if (found == tree.end() || !found->second.dataset || found->second.dataset->shape != shape_of(state.tensor) ||
        found->second.dataset->type != dtype_of(state.tensor.type)) {
      return make_error("'%s' does not fit the model", state.tensor.name);
    }
    std::memcpy(data + state.offset, found->second.dataset->data, static_cast<size_t>(found->second.dataset->bytes()));
  }
  return {};
}

// In the order in which a mistake is told best: nothing of the run is touched before the last two.
Status load_run(const Hdf5Tree& tree, const Identity& identity, Training& training) {
  Identity saved;
  if (Status status = check_whole(tree); !status) return status;
  if (Status status = load(tree, kIdentity, saved); !status) return status;
  if (Status status = compare(saved, identity); !status) return status;
  if (Status status = load_states(tree, training.program, training.state.data()); !status) return status;
  return load(tree, kRun, training);
}

}  // namespace

Status save_checkpoint(const std::string& path, Identity& identity, Training& training) {
  const Program& program = training.program;
  Hdf5Tree tree = keras_weights_tree(program, training.state.data());
  for (int32_t i = 0; i < program.state_count; ++i) {
    const StateInfo& state = program.states[i];
    if (*state.file_path) continue;
    tree[path_of(program, i)].dataset =
        view_array(state.tensor.type, shape_of(state.tensor), training.state.data() + state.offset);
  }
  if (Status status = save(&tree, kIdentity, identity); !status) return status;
  if (Status status = save(&tree, kRun, training); !status) return status;
  Checksum sum{checksum(tree)};
  if (Status status = save(&tree, kChecksum, sum); !status) return status;
  return write_hdf5(path, tree);
}

Status load_checkpoint(const std::string& path, const Identity& identity, Training& training) {
  const Result<Hdf5Tree> tree = read_hdf5(path);
  if (!tree) return tree.error();
  const Status status = load_run(*tree, identity, training);
  if (status) return {};
  return make_error("%s: cannot go on from this checkpoint: %s; remove it to begin anew", path.c_str(),
                    status.error().message.c_str());
}

}  // namespace kcc::runtime
