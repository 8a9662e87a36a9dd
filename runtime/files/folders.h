// Folders: made where a file is to go, as os.makedirs makes them.
#pragma once

#include <string>

#include "runtime/files/result.h"

namespace kcc::runtime {

// "a/b/" of "a/b/c", "" of "c".
std::string folder_of(const std::string& path);

// With those above it. No Error where it exists.
Status make_folder(const std::string& path);
Status make_folder_of(const std::string& path);

// Asked before the work begins, not after hours of it.
Status check_writable(const std::string& path);

}  // namespace kcc::runtime
