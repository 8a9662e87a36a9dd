#include "runtime/weights/layer_weights.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "runtime/weights/hdf5_names.h"
#include "runtime/weights/layer_optimizer.h"

namespace kcc::runtime {
namespace {

constexpr size_t kMostNames = 8;  // in one message

// A layer of a file that has weights.
struct FileLayer {
  std::string name;
  std::vector<Array> arrays;
};

std::string text_of(const Hdf5Object& object, const char* name) {
  const auto found = object.attributes.find(name);
  const std::string* text = found == object.attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
  return text ? *text : "";
}

std::string list(const std::set<std::string>& names) {
  std::string text;
  size_t count = 0;
  for (const std::string& name : names) {
    if (count++ == kMostNames) return text + ", ...";
    text += (text.empty() ? "'" : ", '") + name + "'";
  }
  return text.empty() ? "none" : text;
}

class Loader {
 public:
  Loader(const Program& program, const std::string& source, const Hdf5Tree& tree)
      : source_(source),
        tree_(tree),
        group_(tree.count("model_weights") ? "model_weights" : ""),
        layers_(layers_of(program)) {}

  Result<std::vector<StateValues>> run() {
    if (Status status = read_file(); !status) return status.error();
    if (Status status = pair_layers(); !status) return status.error();
    for (size_t i = 0; i < layers_.size(); ++i) {
      const size_t statistics = layers_[i].states.size() - layers_[i].trained, arrays = file_[i].arrays.size();
      if (Status status = match_layer(layers_[i], file_[i]); !status) return status.error();
      trained_.push_back({layers_[i], arrays - statistics});
    }
    return std::move(matches_);
  }

  // After run.
  std::vector<StateValues> optimizer(const Program& program, std::string& note) const {
    return match_layer_optimizer(program, tree_, origin_, trained_, note);
  }

 private:
  std::string path(const std::string& name) const { return group_.empty() ? name : group_ + "/" + name; }

  // ---- the file's layers

  Status read_file() {
    const Hdf5Object& group = tree_.at(group_);
    bool tensorflow_names = false;
    for (const std::string& name : read_names(group, "layer_names")) {
      const auto object = tree_.find(path(name));
      if (object == tree_.end()) return make_error("%s: no group '%s' for its layer", source_.c_str(), name.c_str());
      FileLayer layer{name, {}};
      for (const std::string& weight : read_names(object->second, "weight_names")) {
        tensorflow_names |= weight.ends_with(":0");
        const auto values = tree_.find(path(name) + "/" + weight);
        if (values == tree_.end() || !values->second.dataset)
          return make_error("%s: layer '%s': no values of its weight '%s'", source_.c_str(), name.c_str(),
                            weight.c_str());
        layer.arrays.push_back(*values->second.dataset);
      }
      if (!layer.arrays.empty()) file_.push_back(std::move(layer));
    }
    find_origin(group, tensorflow_names);
    return {};
  }

  // Keras 1 did not say its backend, but TensorFlow's variables are called "kernel:0".
  void find_origin(const Hdf5Object& group, bool tensorflow_names) {
    const Hdf5Object& root = tree_.at("");
    std::string version = text_of(group, "keras_version"), backend = text_of(group, "backend");
    if (version.empty()) version = text_of(root, "keras_version");
    if (backend.empty()) backend = text_of(root, "backend");
    const int major = version.empty() ? 1 : std::atoi(version.c_str());
    origin_.generation = major <= 1 ? 1 : major;
    origin_.flips_kernels = backend == "theano" || (backend.empty() && origin_.generation == 1 && !tensorflow_names);
  }

  // ---- which layer of the file is which of the program

  static std::set<std::string> names(const auto& layers) {
    std::set<std::string> names;
    for (const auto& layer : layers) names.insert(layer.name);
    return names;
  }

  Status pair_layers() {
    const std::set<std::string> wanted = names(layers_), found = names(file_);
    if (layers_.size() != file_.size()) {
      std::set<std::string> missing, unknown;
      std::set_difference(wanted.begin(), wanted.end(), found.begin(), found.end(),
                          std::inserter(missing, missing.end()));
      std::set_difference(found.begin(), found.end(), wanted.begin(), wanted.end(),
                          std::inserter(unknown, unknown.end()));
      return make_error(
          "%s: holds weights of %zu layers, the model has %zu; only in the model: %s; only in the file: %s",
          source_.c_str(), file_.size(), layers_.size(), list(missing).c_str(), list(unknown).c_str());
    }
    if (wanted != found) return {};  // other names: by position, as Keras
    const auto place = [&](const FileLayer& layer) {
      return std::find_if(layers_.begin(), layers_.end(), [&](const ProgramLayer& l) { return l.name == layer.name; });
    };
    std::sort(file_.begin(), file_.end(), [&](const FileLayer& a, const FileLayer& b) { return place(a) < place(b); });
    return {};
  }

  Status match_layer(const ProgramLayer& layer, FileLayer& file) {
    const std::string same = layer.name == file.name ? "" : " (here '" + layer.name + "')";
    const std::string where = source_ + ": layer '" + file.name + "'" + same;
    Result<std::vector<Array>> arrays = from_old_layouts(origin_, where, layer.states, std::move(file.arrays));
    if (!arrays) return arrays.error();
    for (size_t i = 0; i < layer.states.size(); ++i) {
      const StateInfo& state = *layer.states[i];
      const std::vector<int64_t>& shape = (*arrays)[i].shape;
      if (shape != shape_of(state.tensor))
        return make_error("%s: weight %zu has the shape %s, expected %s for '%s'", where.c_str(), i,
                          print_shape(shape).c_str(), print_shape(shape_of(state.tensor)).c_str(), state.tensor.name);
      matches_.push_back({&state, (*arrays)[i]});
    }
    return {};
  }

  const std::string& source_;
  const Hdf5Tree& tree_;
  const std::string group_;
  std::vector<ProgramLayer> layers_;
  std::vector<FileLayer> file_;
  WeightsOrigin origin_;
  std::vector<StateValues> matches_;
  std::vector<TrainedLayer> trained_;
};

}  // namespace

bool is_layer_weights(const Hdf5Tree& tree) {
  const auto root = tree.find("");
  if (tree.count("model_weights")) return true;
  return root != tree.end() &&
         (root->second.attributes.count("layer_names") || root->second.attributes.count("layer_names0"));
}

Result<LoadedWeights> load_layer_weights(const Program& program, const std::string& source, const Hdf5Tree& tree,
                                         bool with_optimizer, char* state) {
  Loader loader(program, source, tree);
  const Result<std::vector<StateValues>> weights = loader.run();
  if (!weights) return weights.error();
  LoadedWeights loaded;
  std::vector<StateValues> optimizer;
  if (with_optimizer) optimizer = loader.optimizer(program, loaded.optimizer_note);
  // From here on nothing fails.
  copy_values(*weights, state);
  copy_values(optimizer, state);
  loaded.optimizer_restored = !optimizer.empty();
  return loaded;
}

}  // namespace kcc::runtime
