// Plan -> the text files of a library: NAME.h (C), NAME.hpp (C++20), the CMake package, and the source that is compiled
// into the archive: the generated program with the functions of NAME.h instead of a main(). The frames are
// codegen/templates/library*.in.
#pragma once

#include <string>
#include <vector>

#include "codegen/emit_program.h"

namespace kcc {

struct LibraryText {
  std::string header, class_header, package, source;
  std::vector<std::string> functions;  // that the header declares: what the library exports
};

LibraryText emit_library(const Module& module, const Plan& plan, const ProgramOptions& options,
                         const std::vector<KernelObject>& kernels);

// With kernels as C++ and the runtime's core: no object is needed. There are no functions for files in it.
LibraryText emit_library_source(const Module& module, const Plan& plan, ProgramOptions options, const std::string& core);

}  // namespace kcc
