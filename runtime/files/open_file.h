// OpenFile: reads a file's bytes at given places, through the system's cache but without mapping them, so that what was
// read does not stay in the process. For files larger than memory; smaller ones are mapped (mapped_file.h).
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/files/result.h"

namespace kcc::runtime {

// A regular file's descriptor, and what it was when it was opened. Used by every reader.
struct FileHandle {
  int file;
  struct stat info;
};
Result<FileHandle> open_to_read(const std::string& path);

// Whether a file has been written to, made longer or shorter since.
bool was_changed(const struct stat& opened, const struct stat& now);

class OpenFile {
 public:
  static Result<std::shared_ptr<const OpenFile>> open(const std::string& path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const std::string& path() const { return path_; }
  int64_t size() const { return handle_.info.st_size; }  // when it was opened

  // Exactly so many bytes; an Error if the file has become shorter or cannot be read, and, noticed after some
  // megabytes, if it was changed. Any thread.
  Status read_at(int64_t offset, std::byte* out, int64_t bytes) const;

 private:
  OpenFile(std::string path, const FileHandle& handle) : path_(std::move(path)), handle_(handle) {}
  Status check_unchanged() const;

  std::string path_;
  FileHandle handle_;
  mutable std::atomic<int64_t> unchecked_{0};  // bytes read since it was asked whether the file is the same
};

}  // namespace kcc::runtime
