#include "codegen/toolchain.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "compiler/support/subprocess.h"

namespace kcc {
namespace {

// "ccache g++" is two words.
std::vector<std::string> words_of(const std::string& text) {
  std::istringstream words(text);
  std::vector<std::string> list;
  for (std::string word; words >> word;) list.push_back(word);
  return list;
}

}  // namespace

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

bool write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file.good() && (file.close(), file.good());
}

Place file_place(const std::string& path) {
  return {path, 0, 0, ""};
}

std::vector<std::string> find_compiler(const std::string& wanted, Diagnostics& diagnostics) {
  const char* environment = std::getenv("CXX");
  const std::string named = !wanted.empty() ? wanted : environment != nullptr ? environment : "";
  std::vector<std::string> command = words_of(named);
  if (!command.empty()) {
    if (is_command(command[0])) return command;
    diagnostics.error({}, fmt::format("C++ compiler '{}' is not there or cannot be run", command[0]),
                      wanted.empty() ? "it comes from the environment variable CXX" : "");
    return {};
  }
  for (const char* name : {"c++", "g++", "clang++"}) {
    if (is_command(name)) return {name};
  }
  diagnostics.error({}, "no C++ compiler found: tried c++, g++ and clang++",
                    "kcc links programs with the system's compiler; install one (Debian: apt install g++) or set CXX");
  return {};
}

bool run_tool(const std::vector<std::string>& command, const std::filesystem::path& folder, bool verbose,
              Diagnostics& diagnostics) {
  if (verbose) fmt::print(stderr, "{}\n", fmt::join(command, " "));
  const Outcome outcome = run_command(command, folder);
  if (outcome.good()) return true;
  diagnostics.error({}, fmt::format("'{}' failed ({}):\n{}", command[0], outcome.why(), outcome.messages),
                    "kcc -v shows the command");
  return false;
}

}  // namespace kcc
