#include "codegen/toolchain.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "compiler/support/subprocess.h"

namespace kcc {
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
