// ZipReader: members of a zip archive by their exact names: .npz, .keras. minizip does the work
// over a mapped file (stored and deflated members, zip64); this adds complete messages and refuses bombs. Only memory
// is written, so no member name can lead anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/files/result.h"

namespace kcc::runtime {

class ZipReader {
 public:
  static Result<ZipReader> open(const std::string& path);
  // From memory that `owner` keeps alive (null: the caller does); `source` begins the error messages.
  static Result<ZipReader> parse(const std::string& source, const std::byte* data, int64_t size,
                                 std::shared_ptr<const void> owner);
  ZipReader(ZipReader&&) noexcept;
  ~ZipReader();

  const std::vector<std::string>& members() const;

  // Its size. The caller compares it with what it expects before it makes room for it.
  Result<int64_t> open_member(const std::string& name);
  // Exactly so many bytes of the open member.
  Status read(void* out, int64_t bytes);
  // When everything was read: compares the checksum.
  Status close_member();

 private:
  struct Archive;
  explicit ZipReader(std::unique_ptr<Archive> archive);
  std::unique_ptr<Archive> archive_;
};

}  // namespace kcc::runtime
