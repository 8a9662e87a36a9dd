// TFRecord: the frames of TensorFlow's files of records: length, its checksum, the bytes, their checksum. Checksums are
// CRC-32C (Castagnoli; RFC 3720, B.4), masked as tensorflow/core/lib/hash/crc32c.h does.
#pragma once

#include <cstdint>
#include <string>

namespace kcc::runtime {

uint32_t crc32c(const char* data, size_t bytes);

std::string framed_record(const std::string& content);

}  // namespace kcc::runtime
