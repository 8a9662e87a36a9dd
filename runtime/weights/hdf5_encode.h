// The writer's counterparts of hdf5_cursor and hdf5_messages: little-endian bytes, and the messages of an object
// header that say what values look like. Versions are those that HDF5 1.8 and later write by default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/weights/hdf5_tree.h"

namespace kcc::runtime {

class Hdf5Bytes {
 public:
  Hdf5Bytes& u8(uint64_t value) { return number(value, 1); }
  Hdf5Bytes& u16(uint64_t value) { return number(value, 2); }
  Hdf5Bytes& u32(uint64_t value) { return number(value, 4); }
  Hdf5Bytes& u64(uint64_t value) { return number(value, 8); }
  Hdf5Bytes& zeros(uint64_t count) { return bytes_.append(count, '\0'), *this; }
  Hdf5Bytes& text(std::string_view text) { return bytes_.append(text), *this; }
  Hdf5Bytes& pad8() { return zeros((8 - size() % 8) % 8); }
  void patch(uint64_t position, const Hdf5Bytes& value) { bytes_.replace(position, value.size(), value.bytes_); }

  uint64_t size() const { return bytes_.size(); }
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  Hdf5Bytes& number(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 255);
    return *this;
  }

  std::string bytes_;
};

// Nothing: HDF5 has no such type.
std::optional<Hdf5Bytes> encode_hdf5_type(DType type);

Hdf5Bytes encode_hdf5_space(const std::vector<int64_t>& shape);

// Where a text of variable length lies: in the global heap collection at `heap`, as object `index`; 0: empty.
struct Hdf5TextPlace {
  uint64_t heap = 0, index = 0;
};

// A single text has variable length and UTF-8, a list of texts is padded to the longest: so h5py stores str and
// arrays of bytes.
std::optional<Hdf5Bytes> encode_hdf5_attribute(const std::string& name, const Hdf5Attribute& attribute,
                                               Hdf5TextPlace place);

}  // namespace kcc::runtime
