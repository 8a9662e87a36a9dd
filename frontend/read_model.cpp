#include "frontend/read_model.h"

#include <fmt/format.h>

#include "frontend/keras3.h"

namespace kcc {
namespace {

bool starts_with(const std::string& bytes, const char* magic) {
  return bytes.rfind(magic, 0) == 0;
}

// What the file is, if not JSON.
std::string other_format(const std::string& bytes) {
  if (starts_with(bytes, "PK\x03\x04")) return "a .keras archive";
  if (starts_with(bytes, "\x89HDF\r\n")) return "an HDF5 file";
  return "";
}

}  // namespace

std::optional<ModelSpec> read_model(const std::string& bytes, const std::string& file, Diagnostics& diagnostics) {
  const Report report{file, "", diagnostics};
  const size_t first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (const std::string format = other_format(bytes); !format.empty()) {
    report.error({}, fmt::format("the file is {}, which is not supported yet, expected JSON", format),
                 "pass the text of model.to_json() instead");
    return std::nullopt;
  }
  if (first == std::string::npos || bytes[first] != '{') {
    report.error({}, first == std::string::npos ? "the file is empty, expected a model"
                                                : "this is no model file, expected JSON as model.to_json() writes it");
    return std::nullopt;
  }
  const auto document = json::parse(bytes, file, diagnostics);
  if (!document) return std::nullopt;
  const json::Value* version = document->find("keras_version");
  if (version && (starts_with(version->text, "1.") || starts_with(version->text, "2."))) {
    report.error(
        version->mark,
        fmt::format("the file was written by Keras {}, which is not supported yet, expected Keras 3", version->text),
        "load the model in Keras 3 and write model.to_json() again");
    return std::nullopt;
  }
  return read_keras3(*document, report);
}

}  // namespace kcc
