// AtomicFile: writes a file so that a crash, a full disk or Ctrl-C never leaves half of one. Bytes go to a temporary
// file in the destination's folder; commit() syncs it and renames it over the destination. Until then, and after any
// error, the old file is untouched, and the temporary one is removed when the object goes; that of a process that was
// killed, when the file is written next.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/files/result.h"

namespace kcc::runtime {

class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::string& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) = delete;
  ~AtomicFile();

  Status write(const void* data, int64_t bytes);  // at the end of what was written so far
  Status write_at(int64_t offset, const void* data, int64_t bytes);
  Status commit();

  int64_t size() const { return size_; }

 private:
  AtomicFile(std::string path, std::string temporary, int file);
  Error failed(const char* action) const;  // from errno

  std::string path_;       // symbolic links resolved
  std::string temporary_;  // empty: committed or moved from
  int file_;
  int64_t size_ = 0;
};

// The usual case: all bytes at once.
Status write_file(const std::string& path, const std::string& content);

}  // namespace kcc::runtime
