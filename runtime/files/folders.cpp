#include "runtime/files/folders.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kcc::runtime {
namespace {

bool is_folder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1);
}

Status make_folder(const std::string& path) {
  if (path.empty() || is_folder(path)) return {};
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (mkdir(part.c_str(), 0777) != 0 && errno != EEXIST) {
      return make_error("%s: cannot make the folder: %s", part.c_str(), std::strerror(errno));
    }
    if (end == std::string::npos || end + 1 == path.size()) break;
  }
  if (!is_folder(path)) return make_error("%s: cannot make the folder: a file is in its place", path.c_str());
  return {};
}

Status make_folder_of(const std::string& path) {
  return make_folder(folder_of(path));
}

Status check_writable(const std::string& path) {
  const std::string parent = folder_of(path);
  const std::string folder = parent.empty() ? "." : parent;
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return make_error("cannot write '%s': folder '%s': %s", path.c_str(), folder.c_str(), std::strerror(errno));
  }
  if (is_folder(path)) return make_error("cannot write '%s': it is a folder", path.c_str());
  struct stat info;
  if (stat(path.c_str(), &info) != 0 && errno == ENAMETOOLONG)
    return make_error("cannot write '%s': %s", path.c_str(), std::strerror(errno));
  return {};
}

}  // namespace kcc::runtime
