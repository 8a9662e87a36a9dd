// Running compilers and binary tools, and the files that they are given.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compiler/support/diagnostics.h"

namespace kcc {

std::string read_bytes(const std::filesystem::path& path);  // "" where there are none
bool write_bytes(const std::filesystem::path& path, const std::string& bytes);  // false: errno says why

Place file_place(const std::string& path);

// Runs it in the folder; an error tells what the tool said.
bool run_tool(const std::vector<std::string>& command, const std::filesystem::path& folder, bool verbose,
              Diagnostics& diagnostics);

}  // namespace kcc
