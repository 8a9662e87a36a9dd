#include "frontend/model_file.h"

#include "frontend/report.h"

namespace kcc {
namespace {

using json::Value;

// Places within a text that was inside another one lead nowhere in the file.
void forget_places(Value& value) {
  value.mark = {};
  for (Value& item : value.items) forget_places(item);
  for (json::Member& member : value.members) {
    member.mark = {};
    forget_places(member.value);
  }
}

std::string string_member(const Value& object, const char* key) {
  const Value* value = object.find(key);
  return value ? value->text : "";
}

// The document of a text. json.dump(model.to_json()) writes one string that holds the JSON.
std::optional<Value> parse_document(const ModelText& text, Diagnostics& diagnostics) {
  const Report report{text.file, "", diagnostics};
  const size_t first = text.config.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string::npos) return report.error({}, "the file is empty, expected a model"), std::nullopt;
  if (text.config[first] != '{' && text.config[first] != '"') {
    report.error({}, "this is no model file, expected JSON as model.to_json() writes it");
    return std::nullopt;
  }
  auto document = json::parse(text.config, text.file + (text.is_inside ? ":model_config" : ""), diagnostics);
  const bool nested = document && document->is_string();
  if (nested) document = json::parse(std::string(document->text), text.file + ":decoded", diagnostics);
  if (document && (nested || text.is_inside)) forget_places(*document);
  return document;
}

}  // namespace

std::optional<ModelFile> parse_model(const ModelText& text, Diagnostics& diagnostics) {
  ModelFile file{text.file, {}, "", text.has_weights};
  auto document = parse_document(text, diagnostics);
  if (!document) return std::nullopt;
  // The model's own object, out of what TensorFlow.js and others wrap around it.
  if (auto topology = document->take("modelTopology")) document = std::move(*topology);
  file.version = string_member(*document, "keras_version");
  auto training = document->take("training_config");
  if (auto model = document->take("model_config")) document = std::move(*model);
  if (file.version.empty()) file.version = string_member(*document, "keras_version");
  if (!text.version.empty()) file.version = text.version;
  if (!text.training.empty()) {
    training = json::parse(text.training, text.file + ":training_config", diagnostics);
    if (!training) return std::nullopt;
    forget_places(*training);
  }
  if (document->find("node") && !document->find("class_name")) {
    Report{text.file, "", diagnostics}.error({}, "this is a TensorFlow graph, not a Keras model",
                                             "convert the Keras model's own file");
    return std::nullopt;
  }
  if (training && training->is_object() && document->is_object()) document->set("training_config", *training);
  file.model = std::move(*document);
  return file;
}

}  // namespace kcc
