// ModelFile: a model file of any kind, opened: which kind it is goes by its content. JSON, a .keras archive, a whole
// model in HDF5, TensorFlow.js's model.json. Bytes -> ModelFile -> read_model.
#pragma once

#include <optional>
#include <string>

#include "frontend/json.h"
#include "frontend/keras_version.h"

namespace kcc {

struct ModelFile {
  std::string name;          // for messages: "m.json", "m.keras:config.json"
  json::Value model;         // {"class_name": ..., "config": ...}, maybe with "training_config"
  std::string version;       // what the file says of Keras's version; ""
  std::string text;          // the JSON itself
  bool has_weights = false;  // beside the JSON, for the runtime's reader of weights
};

// `file` is for messages. Empty after reporting.
std::optional<ModelFile> open_model_file(const std::string& bytes, const std::string& file, Diagnostics& diagnostics);

}  // namespace kcc
