// Whole files for the compiler: read into memory, written all or not at all.
#pragma once

#include <string>

#include "compiler/support/diagnostics.h"

namespace kcc {

// False, with a diagnostic that gives the reason, if the file cannot be read.
bool read_file(const std::string& path, std::string* bytes, Diagnostics& diagnostics);
// Writes a temporary file beside `path` and renames it; on failure nothing is left or changed. What is not a file, a
// device or a pipe, is written to as it stands.
bool write_file(const std::string& path, const std::string& bytes, Diagnostics& diagnostics);
// The folder of the running executable.
std::string executable_folder();

}  // namespace kcc
