#include "runtime/files/atomic_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "runtime/files/folders.h"

namespace kcc::runtime {
namespace {

// A save through a symbolic link replaces what the link points to, not the link.
std::string resolve_links(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) ? resolved : path;
}

// In the same folder, because rename works within one file system only; hidden, and unique by process and attempt.
std::string temporary_prefix(const std::string& path) {
  const std::string folder = folder_of(path);
  return folder + "." + path.substr(folder.size(), 200) + ".";
}

std::string temporary_name(const std::string& path, int attempt) {
  return temporary_prefix(path) + std::to_string(getpid()) + "-" + std::to_string(attempt) + ".tmp";
}

// A writer holds a lock on its temporary file: one without was left by a writer that was killed.
bool lock(int file) {
  return flock(file, LOCK_EX | LOCK_NB) == 0;
}

void remove_if_abandoned(const std::string& temporary) {
  const int file = ::open(temporary.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return;
  if (lock(file)) unlink(temporary.c_str());
  close(file);
}

void remove_abandoned(const std::string& path) {
  const std::string folder = folder_of(path), prefix = temporary_prefix(path);
  DIR* entries = opendir(folder.empty() ? "." : folder.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = readdir(entries)) {
    const std::string temporary = folder + entry->d_name;
    if (temporary.starts_with(prefix) && temporary.ends_with(".tmp")) remove_if_abandoned(temporary);
  }
  closedir(entries);
}

// Another writer may have taken the new file for an abandoned one before it was locked. Where a file system has no
// locks nobody can.
bool lock_own(int file) {
  struct stat info {};
  if (!lock(file) && errno == EWOULDBLOCK) return false;
  return fstat(file, &info) != 0 || info.st_nlink > 0;
}

// The rename itself lives in the folder; without this a power cut may undo it. Some file systems cannot sync a folder
// (EINVAL): nothing better can be done there, and the file's content is safe already.
void sync_folder(const std::string& path) {
  const std::string name = folder_of(path);
  const int folder = ::open(name.empty() ? "." : name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  fsync(folder);
  close(folder);
}

// Whether what is there may be replaced.
Status check_target(const std::string& path, const std::string& target) {
  const auto cannot = [&](const char* why) { return make_error("%s: cannot be written: %s", path.c_str(), why); };
  struct stat old {};
  const bool replaces = stat(target.c_str(), &old) == 0;
  // A name that is too long would come out only when the finished file is renamed.
  if (!replaces) return errno == ENOENT || errno == EACCES ? Status() : cannot(std::strerror(errno));
  if (S_ISDIR(old.st_mode)) return cannot("it is a folder");
  if (!S_ISREG(old.st_mode)) return cannot("it is not a regular file");
  // Renaming would replace a file that its owner has protected.
  return access(target.c_str(), W_OK) == 0 ? Status() : cannot(std::strerror(errno));
}

}  // namespace

AtomicFile::AtomicFile(std::string path, std::string temporary, int file)
    : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::exchange(other.file_, -1)),
      size_(other.size_) {}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) close(file_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Error AtomicFile::failed(const char* action) const {
  return make_error("%s: cannot %s: %s", path_.c_str(), action, std::strerror(errno));
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  const std::string target = resolve_links(path);
  if (Status status = check_target(path, target); !status) return status.error();
  struct stat old {};
  const bool replaces = stat(target.c_str(), &old) == 0;
  remove_abandoned(target);
  for (int attempt = 0;; ++attempt) {
    std::string temporary = temporary_name(target, attempt);
    const int file = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) {
      if (!lock_own(file) && attempt < 1000) {
        close(file);
        continue;
      }
      if (replaces && fchmod(file, old.st_mode & 07777) != 0) errno = 0;  // not ours to keep: the default mode serves
      return AtomicFile(target, std::move(temporary), file);
    }
    if (errno == EEXIST && attempt < 1000) continue;
    return make_error("%s: cannot be written: %s", path.c_str(), std::strerror(errno));
  }
}

Status AtomicFile::write(const void* data, int64_t bytes) {
  return write_at(size_, data, bytes);
}

Status AtomicFile::write_at(int64_t offset, const void* data, int64_t bytes) {
  const char* rest = static_cast<const char*>(data);
  while (bytes > 0) {
    // Linux writes at most 2 GiB at a time.
    const ssize_t written = pwrite(file_, rest, static_cast<size_t>(std::min<int64_t>(bytes, 1 << 30)), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write");
    rest += written;
    offset += written;
    bytes -= written;
    size_ = std::max(size_, offset);
  }
  return {};
}

Status AtomicFile::commit() {
  if (fsync(file_) != 0) return failed("sync");
  // Network file systems report a full disk here.
  if (close(std::exchange(file_, -1)) != 0) return failed("close");
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return failed("rename the finished file to its name");
  temporary_.clear();
  sync_folder(path_);
  return {};
}

Status write_file(const std::string& path, const std::string& content) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status status = file->write(content.data(), static_cast<int64_t>(content.size())); !status) return status;
  return file->commit();
}

}  // namespace kcc::runtime
