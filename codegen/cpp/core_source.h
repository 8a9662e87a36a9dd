// The runtime's core as text, for libraries that are given as source: its files one after the other, their own headers
// taken in once each.
#pragma once

#include <optional>
#include <string>

#include "compiler/support/diagnostics.h"

namespace kcc::cpp {

// `folder`: where the sources lie as runtime/... Nothing after an error.
std::optional<std::string> core_source(const std::string& folder, Diagnostics& diagnostics);

}  // namespace kcc::cpp
