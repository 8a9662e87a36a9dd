// The embedded core (runtime/CMakeLists.txt: kcc_embed) that libraries are linked with: lib/kcc/libkcc_embed.a for
// machines of this one's kind. For others their compiler makes it of its source in lib/kcc/source; the cache keeps it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "codegen/link.h"

namespace kcc {

struct EmbeddedCore {
  std::string archive;  // its path
  std::string flags;    // @FILE, with which it was compiled
  std::string include;  // the folder of its headers and Halide's
};

// `folder`: of the caller, for files. Nothing after an error.
std::optional<EmbeddedCore> embedded_core(const std::vector<std::string>& compiler, const LinkOptions& options,
                                          const std::filesystem::path& folder, Diagnostics& diagnostics);

}  // namespace kcc
