#include "frontend/model_file.h"

#include <fmt/format.h>

#include "frontend/report.h"
#include "runtime/files/zip_reader.h"
#include "runtime/weights/hdf5_reader.h"

namespace kcc {
namespace {

using json::Value;

// No model's description is near this; it bounds what an archive can make us unpack.
constexpr int64_t kMostText = int64_t{1} << 28;

bool starts_with(const std::string& bytes, const char* magic) {
  return bytes.rfind(magic, 0) == 0;
}

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

class Opener {
 public:
  Opener(const std::string& bytes, const std::string& file, Diagnostics& diagnostics)
      : bytes_(bytes), file_(file), diagnostics_(diagnostics) {}

  std::optional<ModelFile> run() {
    if (starts_with(bytes_, "PK\x03\x04")) return archive();
    if (starts_with(bytes_, "\x89HDF\r\n")) return hdf5();
    return text();
  }

 private:
  std::nullopt_t fail(const std::string& message, const std::string& hint = "") {
    Report{file_, "", diagnostics_}.error({}, message, hint);
    return std::nullopt;
  }

  const std::byte* data() const { return reinterpret_cast<const std::byte*>(bytes_.data()); }
  int64_t size() const { return static_cast<int64_t>(bytes_.size()); }

  // The runtime's messages begin with the file's name, which a diagnostic says anyway.
  std::string without_name(const std::string& message) const {
    const std::string start = file_ + ": ";
    return starts_with(message, start.c_str()) ? message.substr(start.size()) : message;
  }

  // ---- JSON

  std::optional<ModelFile> text() {
    const size_t first = bytes_.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (first == std::string::npos) return fail("the file is empty, expected a model");
    if (bytes_[first] != '{' && bytes_[first] != '"')
      return fail("this is no model file, expected JSON as model.to_json() writes it");
    ModelFile file{file_, {}, "", bytes_, false};
    auto document = json::parse(bytes_, file_, diagnostics_);
    if (!document) return std::nullopt;
    // json.dump(model.to_json()) writes one string that holds the JSON.
    if (document->is_string()) {
      file.text = document->text;
      document = json::parse(file.text, file_ + ":decoded", diagnostics_);
      if (!document) return std::nullopt;
      forget_places(*document);
    }
    return described(std::move(*document), std::move(file));
  }

  // The model's own object, out of what TensorFlow.js and HDF5 attributes wrap around it.
  std::optional<ModelFile> described(Value document, ModelFile file) {
    if (auto topology = document.take("modelTopology")) document = std::move(*topology);
    file.version = string_member(document, "keras_version");
    const auto training = document.take("training_config");
    if (auto model = document.take("model_config")) document = std::move(*model);
    if (file.version.empty()) file.version = string_member(document, "keras_version");
    if (training && !document.find("training_config")) document.set("training_config", *training);
    if (document.find("node") && !document.find("class_name"))
      return fail("this is a TensorFlow graph, not a Keras model", "convert the Keras model's own file");
    file.model = std::move(document);
    return file;
  }

  // ---- .keras: members config.json, metadata.json, model.weights.h5

  std::optional<ModelFile> archive() {
    auto zip = runtime::ZipReader::parse(file_, data(), size(), nullptr);
    if (!zip) return fail(without_name(zip.error().message));
    ModelFile file{file_ + ":config.json", {}, "", "", false};
    for (const std::string& member : zip->members()) file.has_weights |= member == "model.weights.h5";
    std::string metadata;
    if (!member(*zip, "config.json", file.text) || !member(*zip, "metadata.json", metadata)) return std::nullopt;
    auto document = json::parse(file.text, file.name, diagnostics_);
    const auto about = json::parse(metadata, file_ + ":metadata.json", diagnostics_);
    if (!document || !about) return std::nullopt;
    auto opened = described(std::move(*document), std::move(file));
    const std::string version = string_member(*about, "keras_version");
    if (opened && !version.empty()) opened->version = version;
    return opened;
  }

  bool member(runtime::ZipReader& zip, const char* name, std::string& text) {
    const auto bytes = zip.open_member(name);
    if (!bytes) return fail(without_name(bytes.error().message)), false;
    if (*bytes > kMostText) return fail(fmt::format("'{}' has {} bytes: this is no model", name, *bytes)), false;
    text.resize(static_cast<size_t>(*bytes));
    runtime::Status status = zip.read(text.data(), *bytes);
    if (status) status = zip.close_member();
    if (!status) fail(without_name(status.error().message));
    return static_cast<bool>(status);
  }

  // ---- HDF5: attributes model_config, training_config, keras_version

  std::optional<ModelFile> hdf5() {
    const auto tree = runtime::parse_hdf5(file_, data(), size(), nullptr);
    if (!tree) return fail(without_name(tree.error().message));
    ModelFile file{file_, {}, "", "", tree->count("model_weights") != 0};
    const auto& attributes = tree->at("").attributes;
    const auto text_of = [&](const char* name) -> const std::string* {
      const auto found = attributes.find(name);
      return found == attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
    };
    const std::string* config = text_of("model_config");
    if (!config)
      return fail("the file holds weights but no model (no attribute 'model_config')",
                  "pass the model's JSON, and this file as --weights");
    file.text = *config;
    auto document = json::parse(*config, file_ + ":model_config", diagnostics_);
    if (!document) return std::nullopt;
    if (const std::string* training = text_of("training_config")) {
      const auto value = json::parse(*training, file_ + ":training_config", diagnostics_);
      if (!value) return std::nullopt;
      if (value->is_object()) document->set("training_config", *value);
    }
    forget_places(*document);
    auto opened = described(std::move(*document), std::move(file));
    const std::string* version = text_of("keras_version");
    if (opened && version) opened->version = *version;
    return opened;
  }

  const std::string& bytes_;
  const std::string& file_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<ModelFile> open_model_file(const std::string& bytes, const std::string& file, Diagnostics& diagnostics) {
  return Opener(bytes, file, diagnostics).run();
}

}  // namespace kcc
