// ModelFile: the description of a model, out of whatever held it: JSON text, text that is one JSON string,
// TensorFlow.js's model.json, or what the driver took out of an archive (compiler/open_model). Texts -> ModelFile ->
// read_model.
#pragma once

#include <optional>
#include <string>

#include "compiler/support/diagnostics.h"
#include "frontend/json.h"
#include "frontend/keras_version.h"

namespace kcc {

// What a file holds of a model, as text.
struct ModelText {
  std::string file;           // for messages: "m.json", "m.keras:config.json"
  std::string config;         // JSON
  std::string training = "";  // JSON, where it is kept apart; ""
  std::string version = "";   // of Keras, where it is kept apart; ""
  bool has_weights = false;   // beside the text, for the runtime's reader of weights
  bool is_inside = false;     // places in the text lead nowhere in the file
};

struct ModelFile {
  std::string name;     // for messages
  json::Value model;    // {"class_name": ..., "config": ...}, maybe with "training_config"
  std::string version;  // what the file says of Keras's version; ""
  bool has_weights = false;
};

// Empty after reporting.
std::optional<ModelFile> parse_model(const ModelText& text, Diagnostics& diagnostics);

}  // namespace kcc
