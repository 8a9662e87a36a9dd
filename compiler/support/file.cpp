#include "compiler/support/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace kcc {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

bool fail(const std::string& path, const char* what, int reason, Diagnostics& diagnostics) {
  diagnostics.error({path}, fmt::format("cannot be {}: {}", what, std::strerror(reason)));
  return false;
}

bool write_all(int descriptor, const std::string& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = write(descriptor, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

bool write_stream(const std::string& path, const std::string& bytes, Diagnostics& diagnostics) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(path, "written", errno, diagnostics);
  const int reason = write_all(descriptor, bytes) ? 0 : errno;
  return close(descriptor) == 0 && reason == 0 ? true
                                               : fail(path, "written", reason != 0 ? reason : errno, diagnostics);
}

}  // namespace

bool read_file(const std::string& path, std::string* bytes, Diagnostics& diagnostics) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return fail(path, "read", errno, diagnostics);
  if (S_ISDIR(info.st_mode)) return fail(path, "read", EISDIR, diagnostics);
  File file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return fail(path, "read", errno, diagnostics);
  char block[1 << 16];
  while (const size_t n = std::fread(block, 1, sizeof block, file.get())) bytes->append(block, n);
  return std::ferror(file.get()) ? fail(path, "read", errno, diagnostics) : true;
}

bool write_file(const std::string& path, const std::string& bytes, Diagnostics& diagnostics) {
  // Through symbolic links, and into a device or a pipe: neither must become a file.
  std::error_code error;
  const std::filesystem::path resolved = std::filesystem::canonical(path, error);
  const std::string target = error ? path : resolved.string();
  if (std::filesystem::is_other(std::filesystem::status(path, error))) return write_stream(path, bytes, diagnostics);
  std::string temporary = target + ".XXXXXX";
  const int descriptor = mkstemp(temporary.data());
  if (descriptor < 0) return fail(path, "written", errno, diagnostics);
  const mode_t mask = umask(0);
  umask(mask);
  bool good = write_all(descriptor, bytes) && fsync(descriptor) == 0 && fchmod(descriptor, 0666 & ~mask) == 0;
  int reason = errno;
  if (close(descriptor) != 0 && good) {
    good = false;
    reason = errno;
  }
  if (good && std::rename(temporary.c_str(), target.c_str()) == 0) return true;
  if (good) reason = errno;
  unlink(temporary.c_str());
  return fail(path, "written", reason, diagnostics);
}

std::string executable_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

}  // namespace kcc
