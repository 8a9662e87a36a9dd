// ZipWriter: an archive of stored members over an AtomicFile. Members carry the date 1980-01-01, so that equal content
// gives equal bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/files/atomic_file.h"

namespace kcc::runtime {

class ZipWriter {
 public:
  static Result<ZipWriter> create(const std::string& path);
  ZipWriter(ZipWriter&&) noexcept;
  ~ZipWriter();

  Status begin_member(const std::string& name, int64_t bytes);  // ends the one before
  Status write(const void* data, int64_t bytes);
  Status commit();

 private:
  struct Archive;
  explicit ZipWriter(std::unique_ptr<Archive> archive);
  std::unique_ptr<Archive> archive_;
};

}  // namespace kcc::runtime
