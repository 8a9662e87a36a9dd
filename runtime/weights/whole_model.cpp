#include "runtime/weights/whole_model.h"

#include <map>

#include "runtime/files/zip_writer.h"
#include "runtime/weights/hdf5_names.h"
#include "runtime/weights/hdf5_writer.h"
#include "runtime/weights/keras_weights.h"
#include "runtime/weights/program_layers.h"
#include "runtime/weights/state_values.h"

namespace kcc::runtime {
namespace {

// Models of older versions are written as Keras 3's.
std::string version_of(const Program& program) {
  const std::string version = program.keras_version;
  return version.starts_with("3.") ? version : "3.0.0";
}

std::string compile_arguments(const Program& program, const char* optimizer_key) {
  return std::string("{\"") + optimizer_key + "\":" + program.saved.optimizer + "," + program.saved.compile + "}";
}

std::string config_of(const Program& program) {
  std::string config = program.saved.model;
  if (!*program.saved.optimizer) return config;
  config.pop_back();
  return config + ",\"compile_config\":" + compile_arguments(program, "optimizer") + "}";
}

Status add_text(ZipWriter& zip, const char* name, const std::string& text) {
  const int64_t bytes = static_cast<int64_t>(text.size());
  if (Status status = zip.begin_member(name, bytes); !status) return status;
  return zip.write(text.data(), bytes);
}

// Each state under the group, in this order. Names that are taken get a number.
void add_states(Hdf5Tree& tree, const std::string& group, const std::vector<const StateInfo*>& states,
                const char* block) {
  std::vector<std::string> names;
  for (const StateInfo* state : states) {
    std::string name = state->tensor.name;
    for (int copy = 1; tree.count(group + "/" + name); ++copy)
      name = std::string(state->tensor.name) + "_" + std::to_string(copy);
    tree[group + "/" + name].dataset = view_state(*state, block);
    names.push_back(std::move(name));
  }
  write_names(tree[group], "weight_names", std::move(names));
}

// Every Keras takes TensorFlow's layout of weights for what it is; this one is the same.
void sign(const Program& program, Hdf5Object& object) {
  object.attributes["backend"] = std::string("tensorflow");
  object.attributes["keras_version"] = version_of(program);
}

Hdf5Tree legacy_tree(const Program& program, const char* state) {
  Hdf5Tree tree;
  Hdf5Object& root = tree[""];
  sign(program, root);
  root.attributes["model_config"] = std::string(program.saved.model);
  if (*program.saved.optimizer) root.attributes["training_config"] = compile_arguments(program, "optimizer_config");

  const std::string group = "model_weights";
  std::map<std::string, std::vector<const StateInfo*>> weights;
  for (const ProgramLayer& layer : layers_of(program)) weights[layer.name] = layer.states;
  std::vector<std::string> names;
  for (int32_t i = 0; i < program.layer_count; ++i) {
    names.push_back(program.layers[i].name);
    add_states(tree, group + "/" + names.back(), weights[names.back()], state);
  }
  add_states(tree, group + "/top_level_model_weights", {}, state);  // weights of no layer: there are none
  sign(program, tree[group]);
  write_names(tree[group], "layer_names", std::move(names));

  const std::vector<const StateInfo*> optimizer = optimizer_states(program);
  if (!optimizer.empty()) add_states(tree, "optimizer_weights", optimizer, state);
  return tree;
}

}  // namespace

Status save_keras_archive(const Program& program, const std::string& path, const char* state) {
  const Hdf5Tree tree = keras_weights_tree(program, state);
  const Result<Hdf5File> weights = Hdf5File::lay_out(path, tree);
  if (!weights) return weights.error();
  Result<ZipWriter> zip = ZipWriter::create(path);
  if (!zip) return zip.error();
  Status status = add_text(*zip, "metadata.json", "{\"keras_version\":\"" + version_of(program) + "\"}");
  if (status) status = add_text(*zip, "config.json", config_of(program));
  if (status) status = zip->begin_member("model.weights.h5", weights->size());
  if (status) status = weights->write([&](const void* data, int64_t bytes) { return zip->write(data, bytes); });
  return status ? zip->commit() : status;
}

Status save_legacy_model(const Program& program, const std::string& path, const char* state) {
  return write_hdf5(path, legacy_tree(program, state));
}

}  // namespace kcc::runtime
