// Hdf5Image: the bytes of an HDF5 file under examination, where everything that the file says is checked: places
// against its end, and the work that it causes against a limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/files/result.h"
#include "runtime/weights/hdf5_cursor.h"

namespace kcc::runtime {

class Hdf5Image {
 public:
  // `refusal` completes messages about features that are not read: what to do.
  Hdf5Image(const std::string& source, const std::byte* data, int64_t size, const char* refusal)
      : source_(source), data_(data), size_(static_cast<uint64_t>(size)), refusal_(refusal) {}

  const std::string& source() const { return source_; }
  uint64_t size() const { return size_; }

  // From a place in the file to the file's end.
  Hdf5Cursor at(uint64_t address) const {
    return address <= size_ ? Hdf5Cursor(data_ + address, size_ - address) : Hdf5Cursor();
  }

  // Counts structures and bytes of text that are visited. False: more than any genuine file needs.
  bool afford(uint64_t work) {
    if (work > kMaxWork - work_) return false;
    work_ += work;
    return true;
  }

  Error unsupported(const std::string& path, const std::string& feature) const {
    return make_error("%s: '/%s': %s, %s", source_.c_str(), path.c_str(), feature.c_str(), refusal_);
  }

  Error damaged(const char* part, uint64_t address) const {
    return make_error("%s: damaged HDF5 file: bad %s at byte %llu", source_.c_str(), part,
                      static_cast<unsigned long long>(address));
  }

 private:
  // A file of a thousand layers needs a tenth. Bounds time and memory where a hostile file lets many structures share
  // the same bytes.
  static constexpr uint64_t kMaxWork = 8'000'000;

  const std::string& source_;
  const std::byte* data_;
  uint64_t size_;
  const char* refusal_;
  uint64_t work_ = 0;
};

}  // namespace kcc::runtime
