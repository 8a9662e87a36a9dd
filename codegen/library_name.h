// Which names a library cannot have: its header, archive, CMake package and namespace are called so.
#pragma once

#include <string>

namespace kcc {

// Why programs could not use a library of this name, an identifier; "" where they can.
std::string refused_library_name(const std::string& name);

}  // namespace kcc
