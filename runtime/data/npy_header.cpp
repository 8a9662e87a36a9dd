#include "runtime/data/npy_header.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace kcc::runtime {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr int64_t kMaxHeader = 1 << 20;  // NumPy's own are about a hundred bytes
constexpr size_t kMaxRank = 32;          // NumPy's limit before version 2, which has 64

struct TypeCode {
  std::string_view code;
  DType type;
};
constexpr TypeCode kTypeCodes[] = {
    {"b1", DType::kBool}, {"i1", DType::kI8},  {"u1", DType::kU8},  {"i2", DType::kI16},
    {"u2", DType::kU16},  {"i4", DType::kI32}, {"u4", DType::kU32}, {"i8", DType::kI64},
    {"u8", DType::kU64},  {"f2", DType::kF16}, {"f4", DType::kF32}, {"f8", DType::kF64},
};

Error bad_header(const std::string& source) {
  return make_error("%s: damaged .npy header, expected {'descr': ..., 'fortran_order': ..., 'shape': ...}",
                    source.c_str());
}

// A reader of the few Python literals that a header may hold; nothing is evaluated.
class HeaderText {
 public:
  explicit HeaderText(std::string_view text) : rest_(text) {}

  bool take(char c) {
    skip_spaces();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    skip_spaces();
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool at_end() {
    skip_spaces();
    return rest_.empty();
  }
  bool read_string(std::string_view& out) {
    skip_spaces();
    if (rest_.empty() || (rest_.front() != '\'' && rest_.front() != '"')) return false;
    const size_t end = rest_.find(rest_.front(), 1);
    if (end == std::string_view::npos) return false;
    out = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return out.find('\\') == std::string_view::npos;
  }
  bool read_bool(bool& out) {
    out = take("True");
    return out || take("False");
  }
  bool read_shape(std::vector<int64_t>& out) {
    if (!take('(')) return false;
    while (!take(')')) {
      skip_spaces();
      int64_t extent = 0;
      const auto [end, status] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (status != std::errc() || extent < 0 || out.size() == kMaxRank) return false;
      rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
      take('L');  // Python 2's long
      out.push_back(extent);
      if (!take(',') && (skip_spaces(), rest_.substr(0, 1) != ")")) return false;
    }
    return true;
  }

 private:
  void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  std::string_view rest_;
};

Error unsupported_type(const std::string& source, std::string_view code) {
  const char* reason = code.find('O') != std::string_view::npos ? "Python objects are never loaded" : "not supported";
  return make_error("%s: dtype '%.*s': %s, expected booleans, integers, or floats of 2, 4 or 8 bytes", source.c_str(),
                    static_cast<int>(code.size()), code.data(), reason);
}

Status parse_type(const std::string& source, std::string_view code, NpyHeader& header) {
  if (code.size() < 3 || std::string_view("<>|=").find(code[0]) == std::string_view::npos) {
    return unsupported_type(source, code);
  }
  for (const TypeCode& known : kTypeCodes) {
    if (code.substr(1) != known.code) continue;
    header.type = known.type;
    header.swapped = code[0] == '>';  // every machine that kcc compiles for is little-endian
    return {};
  }
  return unsupported_type(source, code);
}

// Elements of a transposed array, one by one: `in` has the first axis innermost.
void to_c_order(const std::byte* in, const std::vector<int64_t>& shape, int64_t size, std::byte* out) {
  std::vector<int64_t> place(shape.size(), 0), stride(shape.size());
  int64_t count = 1;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    stride[axis] = count * size;
    count *= shape[axis];
  }
  int64_t offset = 0;
  for (int64_t i = 0; i < count; ++i, out += size) {
    std::memcpy(out, in + offset, static_cast<size_t>(size));
    for (size_t axis = shape.size(); axis-- > 0;) {
      offset += stride[axis];
      if (++place[axis] < shape[axis]) break;
      offset -= stride[axis] * shape[axis];
      place[axis] = 0;
    }
  }
}

}  // namespace

Result<int64_t> npy_header_bytes(const std::string& source, std::string_view preamble) {
  if (preamble.substr(0, kMagic.size()) != kMagic) return make_error("%s: not an .npy file", source.c_str());
  if (static_cast<int64_t>(preamble.size()) < kNpyPreamble) {
    return make_error("%s: cut off in the .npy header", source.c_str());
  }
  const auto byte = [&](size_t i) { return static_cast<int64_t>(static_cast<unsigned char>(preamble[i])); };
  const int64_t version = byte(6);
  if (version < 1 || version > 3) {
    return make_error("%s: .npy version %lld is not supported, expected 1, 2 or 3", source.c_str(),
                      static_cast<long long>(version));
  }
  const int64_t length = byte(8) | byte(9) << 8;
  const int64_t bytes = version == 1 ? 10 + length : 12 + (length | byte(10) << 16 | byte(11) << 24);
  if (bytes > kMaxHeader)
    return make_error("%s: .npy header of %lld bytes", source.c_str(), static_cast<long long>(bytes));
  // An empty dictionary cannot be a header either, so the preamble is always inside.
  if (bytes < kNpyPreamble) return bad_header(source);
  return bytes;
}

Result<NpyHeader> parse_npy_header(const std::string& source, std::string_view header) {
  const size_t begin = header[6] == 1 ? 10 : 12;
  HeaderText text(header.substr(begin));
  NpyHeader result;
  bool type_seen = false, order_seen = false, shape_seen = false;
  if (!text.take('{')) return bad_header(source);
  while (!text.take('}')) {
    std::string_view key, code;
    if (!text.read_string(key) || !text.take(':')) return bad_header(source);
    if (key == "descr" && !type_seen) {
      if (text.take('[')) return make_error("%s: records (a structured dtype) are not supported", source.c_str());
      if (!text.read_string(code)) return bad_header(source);
      if (Status status = parse_type(source, code, result); !status) return status.error();
      type_seen = true;
    } else if (key == "fortran_order" && !order_seen && text.read_bool(result.fortran)) {
      order_seen = true;
    } else if (key == "shape" && !shape_seen && text.read_shape(result.shape)) {
      shape_seen = true;
    } else {
      return bad_header(source);
    }
    if (text.take(',')) continue;
    if (text.take('}')) break;
    return bad_header(source);
  }
  if (!type_seen || !order_seen || !shape_seen || !text.at_end()) return bad_header(source);
  if (auto elements = checked_elements(source, result.shape, result.type); !elements) return elements.error();
  return result;
}

Status check_npy_size(const std::string& source, const NpyHeader& header, int64_t bytes) {
  const int64_t expected = Array{header.type, header.shape, nullptr, nullptr}.bytes();
  if (bytes == expected) return {};
  return make_error("%s: %s: shape %s of %s needs %lld bytes, got %lld", source.c_str(),
                    bytes < expected ? "cut off" : "more than one array", print_shape(header.shape).c_str(),
                    name_of(header.type), static_cast<long long>(expected), static_cast<long long>(bytes));
}

Result<Array> arrange_npy(const std::string& source, const NpyHeader& header, const std::byte* elements,
                          std::shared_ptr<const void> owner) {
  const int64_t size = size_of(header.type);
  const bool transposes = header.fortran && header.shape.size() > 1;
  if (!transposes && !(header.swapped && size > 1)) return Array{header.type, header.shape, elements, std::move(owner)};

  Result<OwnedArray> copy = make_array(source, header.type, header.shape);
  if (!copy) return copy.error();
  const int64_t bytes = copy->array.bytes();
  if (bytes == 0) return copy->array;
  if (transposes) {
    to_c_order(elements, header.shape, size, copy->data);
  } else {
    std::memcpy(copy->data, elements, static_cast<size_t>(bytes));
  }
  if (header.swapped) swap_bytes(copy->data, bytes, size);
  return copy->array;
}

void swap_bytes(std::byte* elements, int64_t bytes, int64_t size) {
  for (std::byte* element = elements; element < elements + bytes; element += size) {
    std::reverse(element, element + size);
  }
}

}  // namespace kcc::runtime
