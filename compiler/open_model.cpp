#include "compiler/open_model.h"

#include <fmt/format.h>

#include "runtime/files/zip_reader.h"
#include "runtime/weights/hdf5_reader.h"

namespace kcc {
namespace {

// No model's description is near this; it bounds what an archive can make us unpack.
constexpr int64_t kMostText = int64_t{1} << 28;

class Opener {
 public:
  Opener(const std::string& bytes, const std::string& file, Diagnostics& diagnostics)
      : bytes_(bytes), file_(file), diagnostics_(diagnostics) {}

  std::optional<ModelText> run() {
    if (bytes_.starts_with("PK\x03\x04")) return archive();
    if (bytes_.starts_with("\x89HDF\r\n")) return hdf5();
    return ModelText{file_, bytes_};
  }

 private:
  // The readers' messages begin with the file's name, which a diagnostic says anyway.
  std::nullopt_t fail(const std::string& message, const std::string& hint = "") {
    const std::string start = file_ + ": ";
    diagnostics_.error({file_}, message.starts_with(start) ? message.substr(start.size()) : message, hint);
    return std::nullopt;
  }

  const std::byte* data() const { return reinterpret_cast<const std::byte*>(bytes_.data()); }
  int64_t size() const { return static_cast<int64_t>(bytes_.size()); }

  // ---- .keras: members config.json, metadata.json, model.weights.h5

  std::optional<ModelText> archive() {
    auto zip = runtime::ZipReader::parse(file_, data(), size(), nullptr);
    if (!zip) return fail(zip.error().message);
    ModelText text{file_ + ":config.json", ""};
    for (const std::string& member : zip->members()) text.has_weights |= member == "model.weights.h5";
    std::string metadata;
    if (!member(*zip, "config.json", text.config) || !member(*zip, "metadata.json", metadata)) return std::nullopt;
    const auto about = json::parse(metadata, file_ + ":metadata.json", diagnostics_);
    if (!about) return std::nullopt;
    if (const json::Value* version = about->find("keras_version")) text.version = version->text;
    return text;
  }

  bool member(runtime::ZipReader& zip, const char* name, std::string& text) {
    const auto bytes = zip.open_member(name);
    if (!bytes) return fail(bytes.error().message), false;
    if (*bytes > kMostText) return fail(fmt::format("'{}' has {} bytes: this is no model", name, *bytes)), false;
    text.resize(static_cast<size_t>(*bytes));
    runtime::Status status = zip.read(text.data(), *bytes);
    if (status) status = zip.close_member();
    if (!status) fail(status.error().message);
    return static_cast<bool>(status);
  }

  // ---- HDF5: attributes model_config, training_config, keras_version

  std::optional<ModelText> hdf5() {
    const auto tree = runtime::parse_hdf5(file_, data(), size(), nullptr);
    if (!tree) return fail(tree.error().message);
    const auto& attributes = tree->at("").attributes;
    const auto text_of = [&](const char* name) -> std::string {
      const auto found = attributes.find(name);
      const std::string* text = found == attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
      return text ? *text : "";
    };
    ModelText text{file_, text_of("model_config")};
    if (text.config.empty())
      return fail("the file holds weights but no model (no attribute 'model_config')",
                  "pass the model's JSON, and this file as --weights");
    text.training = text_of("training_config");
    text.version = text_of("keras_version");
    text.has_weights = tree->count("model_weights") != 0;
    text.is_inside = true;
    return text;
  }

  const std::string& bytes_;
  const std::string& file_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<ModelText> open_model(const std::string& bytes, const std::string& file, Diagnostics& diagnostics) {
  return Opener(bytes, file, diagnostics).run();
}

}  // namespace kcc
