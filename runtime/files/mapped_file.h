// MappedFile: a read-only view of a file's bytes, paged in by the kernel as they are read. Every reader of the runtime
// starts here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/files/result.h"

struct stat;

namespace kcc::runtime {

class MappedFile {
 public:
  // Shared, because arrays read from the file point into it and keep it alive.
  static Result<std::shared_ptr<const MappedFile>> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  const std::byte* data() const { return data_; }
  int64_t size() const { return size_; }

 private:
  MappedFile(std::string path, const std::byte* data, const struct stat& opened);

  std::string path_;
  const std::byte* data_;  // null: an empty file
  int64_t size_;
};

// An Error if another process has written to a file since it was mapped here: what was computed is of neither content.
// A file that was replaced is no matter, the map keeps the old one.
Status check_mapped_files();

// Reading a page that another process cut off raises SIGBUS. After this call such a fault prints which file was cut
// off while it was read and exits 1; other faults die as before. For a main() that owns its process, before the first
// open.
void report_truncated_maps();

}  // namespace kcc::runtime
