#include "runtime/files/open_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kcc::runtime {

Result<FileHandle> open_to_read(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not hang us
  struct stat info {};
  if (file < 0 || fstat(file, &info) != 0) {
    const int reason = errno;
    if (file >= 0) close(file);
    return make_error("%s: cannot be read: %s", path.c_str(), std::strerror(reason));
  }
  if (S_ISREG(info.st_mode)) return FileHandle{file, info};
  close(file);
  return make_error("%s: cannot be read: it is %s, expected a file", path.c_str(),
                    S_ISDIR(info.st_mode) ? "a folder" : "not a regular file");
}

OpenFile::~OpenFile() {
  close(handle_.file);
}

Result<std::shared_ptr<const OpenFile>> OpenFile::open(const std::string& path) {
  Result<FileHandle> handle = open_to_read(path);
  if (!handle) return handle.error();
  return std::shared_ptr<const OpenFile>(new OpenFile(path, *handle));
}

bool was_changed(const struct stat& opened, const struct stat& now) {
  return now.st_mtim.tv_sec != opened.st_mtim.tv_sec || now.st_mtim.tv_nsec != opened.st_mtim.tv_nsec ||
         now.st_size != opened.st_size;
}

Status OpenFile::check_unchanged() const {
  struct stat now {};
  if (fstat(handle_.file, &now) != 0 || !was_changed(handle_.info, now)) return {};
  return make_error("%s: the file was changed while it was being read", path_.c_str());
}

Status OpenFile::read_at(int64_t offset, std::byte* out, int64_t bytes) const {
  constexpr int64_t kCheckEvery = 16 << 20;
  if ((unchecked_ += bytes) > kCheckEvery) {
    unchecked_ = 0;
    if (Status status = check_unchanged(); !status) return status;
  }
  while (bytes > 0) {
    const ssize_t got = pread(handle_.file, out, static_cast<size_t>(bytes), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return make_error("%s: cannot be read: %s", path_.c_str(), std::strerror(errno));
    if (got == 0) return make_error("%s: the file was cut off while it was being read", path_.c_str());
    offset += got;
    out += got;
    bytes -= got;
  }
  return {};
}

}  // namespace kcc::runtime
