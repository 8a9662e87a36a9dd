#include "runtime/tensorboard/record.h"

#include <array>
#include <bit>

namespace kcc::runtime {
namespace {

static_assert(std::endian::native == std::endian::little, "records are little-endian");

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (value & 1 ? 0x82F63B78u : 0);
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kTable = make_table();

uint32_t masked_crc(const char* data, size_t bytes) {
  return std::rotr(crc32c(data, bytes), 15) + 0xA282EAD8u;
}

template <typename T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

uint32_t crc32c(const char* data, size_t bytes) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < bytes; ++i) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(data[i])) & 0xFF];
  return ~crc;
}

std::string framed_record(const std::string& content) {
  std::string out;
  append(out, static_cast<uint64_t>(content.size()));
  append(out, masked_crc(out.data(), sizeof(uint64_t)));
  out += content;
  append(out, masked_crc(content.data(), content.size()));
  return out;
}

}  // namespace kcc::runtime
