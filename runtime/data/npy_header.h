// The header before the elements of an .npy file or .npz member, and what the elements need after it to become an
// Array: this machine's byte order and C order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/data/array.h"

namespace kcc::runtime {

struct NpyHeader {
  DType type = DType::kF32;
  bool swapped = false;  // big-endian
  bool fortran = false;  // first axis innermost
  std::vector<int64_t> shape;
};

// The first bytes, which say how long the header is; a shorter file is none.
constexpr int64_t kNpyPreamble = 12;

// The header's bytes, the preamble included.
Result<int64_t> npy_header_bytes(const std::string& source, std::string_view preamble);

// `header` is all of those bytes.
Result<NpyHeader> parse_npy_header(const std::string& source, std::string_view header);

// What follows the header must be exactly the elements.
Status check_npy_size(const std::string& source, const NpyHeader& header, int64_t bytes);

// The array over elements as the file has them; copies only where their order must change.
Result<Array> arrange_npy(const std::string& source, const NpyHeader& header, const std::byte* elements,
                          std::shared_ptr<const void> owner);

// Turns elements of `size` bytes from one byte order into the other.
void swap_bytes(std::byte* elements, int64_t bytes, int64_t size);

}  // namespace kcc::runtime
