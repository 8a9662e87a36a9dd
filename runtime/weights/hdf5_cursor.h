// Hdf5Cursor: reads little-endian numbers within bounds. A read beyond the end gives zeros and sets failed(), so that
// a parser reads a whole structure first and asks once whether it was there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace kcc::runtime {

class Hdf5Cursor {
 public:
  Hdf5Cursor() = default;
  Hdf5Cursor(const std::byte* data, uint64_t size) : data_(data), left_(size) {}

  bool failed() const { return failed_; }
  uint64_t left() const { return left_; }
  const std::byte* data() const { return data_; }

  uint64_t u8() { return number(1); }
  uint64_t u16() { return number(2); }
  uint64_t u32() { return number(4); }
  uint64_t u64() { return number(8); }
  void skip(uint64_t bytes) { take(bytes); }

  // The next `bytes` bytes as a cursor of their own.
  Hdf5Cursor part(uint64_t bytes) {
    const std::byte* begin = data_;
    return take(bytes) ? Hdf5Cursor(begin, bytes) : Hdf5Cursor();
  }
  std::string_view text(uint64_t bytes) {
    const char* begin = reinterpret_cast<const char*>(data_);
    return take(bytes) ? std::string_view(begin, bytes) : std::string_view();
  }
  bool signature(std::string_view expected) { return text(expected.size()) == expected; }

  // Unsigned, of 1 to 8 bytes.
  uint64_t number(uint64_t bytes) {
    const std::byte* begin = data_;
    uint64_t value = 0;
    if (take(bytes)) std::memcpy(&value, begin, bytes);
    return value;
  }

 private:
  bool take(uint64_t bytes) {
    if (bytes > left_) {
      failed_ = true;
      left_ = 0;
      return false;
    }
    data_ += bytes;
    left_ -= bytes;
    return true;
  }

  const std::byte* data_ = nullptr;
  uint64_t left_ = 0;
  bool failed_ = false;
};

}  // namespace kcc::runtime
