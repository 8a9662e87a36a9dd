// LibraryText + KernelObjects -> a library: a folder with headers, one static archive and a CMake package, or one shared
// object with its C header. Everything but the functions of the header is made local, so that libraries of several
// models, or several versions of kcc, meet in one program without knowing of each other. Files appear whole.
#pragma once

#include "codegen/emit_library.h"
#include "codegen/link.h"

namespace kcc {

// options.output: the folder. False after an error.
bool link_library(const std::string& name, const LibraryText& text, const std::vector<KernelObject>& kernels,
                  const LinkOptions& options, Diagnostics& diagnostics);

// options.output: the .so; NAME.h goes beside it.
bool link_shared(const std::string& name, const LibraryText& text, const std::vector<KernelObject>& kernels,
                 const LinkOptions& options, Diagnostics& diagnostics);

}  // namespace kcc
