#include "codegen/cpp/emit_folder.h"

#include <fmt/format.h>

#include <cstring>

#include "codegen/emit_library.h"

namespace kcc::cpp {
namespace {

// "kcc::runtime" under the model's name.
std::string renamed(std::string text, const std::string& name) {
  constexpr std::string_view kOld = "kcc::runtime";
  const std::string own = name + "_runtime";
  for (size_t at = text.find(kOld); at != std::string::npos; at = text.find(kOld, at + own.size()))
    text.replace(at, kOld.size(), own);
  return text;
}

// Whole numbers, so that every bit arrives.
std::string weights_text(const std::string& bytes) {
  std::string text;
  for (size_t i = 0; i + sizeof(uint32_t) <= bytes.size(); i += sizeof(uint32_t)) {
    uint32_t word;
    std::memcpy(&word, bytes.data() + i, sizeof(word));
    text += fmt::format("{:#010x},{}", word, i / sizeof(word) % 10 == 9 ? "\n" : " ");
  }
  return text + "\n";
}

}  // namespace

std::map<std::string, std::string> emit_folder(const Module& module, const Plan& plan, const ProgramOptions& options,
                                               const std::string& core, const std::string& weights) {
  const LibraryText text = emit_library_source(module, plan, options, core);
  std::map<std::string, std::string> files{{options.name + ".h", text.header},
                                           {options.name + ".hpp", text.class_header},
                                           {options.name + ".cpp", renamed(text.source, options.name)}};
  if (!weights.empty()) files[options.name + "_weights.inc"] = weights_text(weights);
  return files;
}

}  // namespace kcc::cpp
