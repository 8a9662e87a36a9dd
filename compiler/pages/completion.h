// What the shells complete of kcc's command line: options, the values of those that have a few, files elsewhere.
#pragma once

#include <string>

#include "compiler/pages/cli_table.h"

namespace kcc {

std::string bash_completion(const CliTable& table);
std::string fish_completion(const CliTable& table);
std::string zsh_completion(const CliTable& table);

}  // namespace kcc
