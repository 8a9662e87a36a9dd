#include "runtime/weights/keras_weights.h"

#include <string_view>
#include <utility>

#include "runtime/data/rows.h"
#include "runtime/weights/state_values.h"

namespace kcc::runtime {
namespace {

constexpr size_t kMostNames = 8;  // in one message

// Keras 2.13 called the group of layers so, and Keras 3 still reads it.
std::string path_in(const Hdf5Tree& tree, const std::string& path) {
  constexpr std::string_view kOld = "_layer_checkpoint_dependencies", kNew = "layers/";
  if (path.substr(0, kNew.size()) != kNew || !tree.count(std::string(kOld))) return path;
  return std::string(kOld) + path.substr(kNew.size() - 1);
}

// The values of a state in the file; null: not there.
const Array* find_values(const Hdf5Tree& tree, const StateInfo& state) {
  const auto found = tree.find(path_in(tree, state.file_path));
  return found == tree.end() || !found->second.dataset ? nullptr : &*found->second.dataset;
}

// Random keys: Keras leaves them out, some of its versions did not.
bool is_seed(std::string_view path) {
  return path.find("seed_generator/vars/") != path.npos || path.find("_random_generator/vars/") != path.npos;
}

// What BackupAndRestore keeps beside the weights (runtime/callbacks/checkpoint.h).
bool is_run(std::string_view path) {
  return path.substr(0, 9) == "training/";
}

void list(std::string& names, size_t& count, const std::string& name) {
  ++count;
  if (count <= kMostNames) names += (names.empty() ? "'" : ", '") + name + "'";
  if (count == kMostNames + 1) names += ", ...";
}

// Weights that the program lacks a place for would be lost in silence.
Status check_nothing_left(const Program& program, const std::string& source, const Hdf5Tree& tree) {
  std::map<std::string, const StateInfo*> known;
  for (int32_t i = 0; i < program.state_count; ++i) {
    known[path_in(tree, program.states[i].file_path)] = &program.states[i];
  }
  std::string names;
  size_t count = 0;
  for (const auto& [path, object] : tree) {
    if (!object.dataset || known.count(path) || is_optimizer_path(path) || is_seed(path) || is_run(path)) continue;
    list(names, count, path);
  }
  if (count == 0) return {};
  return make_error("%s: holds %zu weights that the model does not have: %s", source.c_str(), count, names.c_str());
}

Result<std::vector<StateValues>> match_weights(const Program& program, const std::string& source,
                                               const Hdf5Tree& tree) {
  std::vector<StateValues> matches;
  std::string missing;
  size_t missing_count = 0;
  for (int32_t i = 0; i < program.state_count; ++i) {
    const StateInfo& state = program.states[i];
    if (!*state.file_path || is_optimizer_path(state.file_path)) continue;
    const Array* array = find_values(tree, state);
    if (!array && state.role == Role::kRandom) continue;
    if (!array) {
      list(missing, missing_count, std::string(state.tensor.name) + "' at '" + state.file_path);
      continue;
    }
    if (array->shape != shape_of(state.tensor)) {
      return make_error("%s: '%s' at '%s': shape %s, expected %s", source.c_str(), state.tensor.name, state.file_path,
                        print_shape(array->shape).c_str(), print_shape(shape_of(state.tensor)).c_str());
    }
    if (Status status = check_values(source, state, *array); !status) return status.error();
    matches.push_back({&state, *array});
  }
  if (missing_count == 0) return matches;
  return make_error("%s: %zu weights of the model are not in the file: %s", source.c_str(), missing_count,
                    missing.c_str());
}

// Empty where anything does not fit, with the reason in `note`.
std::vector<StateValues> match_optimizer(const Program& program, const std::string& source, const Hdf5Tree& tree,
                                         std::string& note) {
  int64_t stored = 0, expected = 0;
  for (const auto& [path, object] : tree) stored += object.dataset && is_optimizer_path(path);
  for (int32_t i = 0; i < program.state_count; ++i) expected += is_optimizer_path(program.states[i].file_path);
  if (stored == 0 || expected == 0) return {};
  if (stored != expected) {
    note = "it has " + std::to_string(expected) + " variables, the file " + std::to_string(stored);
    return {};
  }
  std::vector<StateValues> matches;
  for (int32_t i = 0; i < program.state_count; ++i) {
    const StateInfo& state = program.states[i];
    if (!is_optimizer_path(state.file_path)) continue;
    const Array* array = find_values(tree, state);
    const bool fits =
        array && array->shape == shape_of(state.tensor) && static_cast<bool>(check_values(source, state, *array));
    if (!fits) {
      note = std::string("'") + state.tensor.name + "' at '" + state.file_path +
             "': " + (array ? "shape " + print_shape(array->shape) + ", expected " : "not in the file, expected ") +
             print_shape(shape_of(state.tensor));
      return {};
    }
    matches.push_back({&state, *array});
  }
  return matches;
}

// "layers/dense/vars/0" lies in the group "layers/dense/vars", which Keras marks with the layer's name.
void note_owner(Hdf5Tree& tree, const StateInfo& state) {
  const std::string path = state.file_path;
  const std::string group = path.substr(0, path.rfind('/'));
  const std::string_view name = state.tensor.name;
  const size_t end = name.rfind('/');
  if (end == name.npos) return;
  const size_t begin = name.rfind('/', end - 1);  // of a nested model's layer, the last part
  tree[group].attributes.emplace("name", std::string(name.substr(begin + 1, end - begin - 1)));
}

}  // namespace

Result<LoadedWeights> load_keras_weights(const Program& program, const std::string& source, const Hdf5Tree& tree,
                                         bool with_optimizer, char* state) {
  Result<std::vector<StateValues>> weights = match_weights(program, source, tree);
  if (!weights) return weights.error();
  if (Status status = check_nothing_left(program, source, tree); !status) return status.error();
  LoadedWeights loaded;
  std::vector<StateValues> optimizer;
  if (with_optimizer) optimizer = match_optimizer(program, source, tree, loaded.optimizer_note);
  // From here on nothing fails.
  copy_values(*weights, state);
  copy_values(optimizer, state);
  loaded.optimizer_restored = !optimizer.empty();
  return loaded;
}

Hdf5Tree keras_weights_tree(const Program& program, const char* state) {
  Hdf5Tree tree;
  tree[""];  // a model without weights is a file too
  for (int32_t i = 0; i < program.state_count; ++i) {
    const StateInfo& info = program.states[i];
    if (!*info.file_path) continue;
    tree[info.file_path].dataset = view_state(info, state);
    note_owner(tree, info);
  }
  return tree;
}

}  // namespace kcc::runtime
