// Parser: the text of a --define file -> its syntax tree. Classes, try, with and the like are refused by name.
#pragma once

#include <optional>
#include <string>

#include "compiler/support/diagnostics.h"
#include "frontend/python/syntax.h"

namespace kcc::python {

// Empty after an error.
std::optional<Source> parse_source(const std::string& text, const std::string& file, Diagnostics& diagnostics);

}  // namespace kcc::python
