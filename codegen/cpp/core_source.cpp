#include "codegen/cpp/core_source.h"

#include <fmt/format.h>

#include <set>
#include <sstream>

#include "compiler/support/file.h"

namespace kcc::cpp {
namespace {

constexpr const char* kFiles[] = {
    "runtime/entry.h",           "runtime/files/result.cpp",     "runtime/format.cpp",     "runtime/aligned_buffer.cpp",
    "runtime/scratch.cpp",       "runtime/context.cpp",          "runtime/random.cpp",     "runtime/shuffle.cpp",
    "runtime/steps.cpp",         "runtime/cursor.cpp",           "runtime/data/array.cpp", "runtime/initialize.cpp",
    "runtime/state_block.cpp",   "runtime/embed/one_thread.cpp", "runtime/executor.cpp",   "runtime/embed/model.cpp",
    "runtime/embed/weights.cpp", "runtime/embed/fit.cpp",     "runtime/cpu.cpp",
    "runtime/self_test.cpp",     "runtime/embed/self_check.cpp"};

class Collector {
 public:
  Collector(const std::string& folder, Diagnostics& diagnostics) : folder_(folder), diagnostics_(diagnostics) {}

  bool take(const std::string& file) {
    if (!taken_.insert(file).second) return true;
    std::string bytes;
    if (!read_file(folder_ + "/" + file, &bytes, diagnostics_)) return false;
    std::istringstream lines(bytes);
    std::string own = fmt::format("// ---- {}\n", file);
    constexpr std::string_view kInclude = "#include \"";
    for (std::string line; std::getline(lines, line);) {
      if (line == "#pragma once") continue;
      if (line.rfind(kInclude, 0) != 0) {
        own += line + "\n";
        continue;
      }
      if (!take(line.substr(kInclude.size(), line.find('"', kInclude.size()) - kInclude.size()))) return false;
    }
    text_ += own + "\n";
    return true;
  }

  const std::string& text() const { return text_; }

 private:
  const std::string folder_;
  Diagnostics& diagnostics_;
  std::set<std::string> taken_;
  std::string text_;
};

}  // namespace

std::optional<std::string> core_source(const std::string& folder, Diagnostics& diagnostics) {
  Collector collector(folder, diagnostics);
  for (const char* file : kFiles)
    if (!collector.take(file)) return std::nullopt;
  // In one file the compiler sees that some fields serve other forms of the runtime.
  constexpr const char* kQuiet = R"(#if defined(__clang__)
#pragma clang diagnostic ignored "-Wunused-private-field"
#endif

)";
  return kQuiet + collector.text();
}

}  // namespace kcc::cpp
