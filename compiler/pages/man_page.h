// kcc.1: the manual page, in the macros of man(7).
#pragma once

#include <string>

#include "compiler/pages/cli_table.h"

namespace kcc {

std::string man_page(const CliTable& table);

}  // namespace kcc
