#include "runtime/data/idx.h"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "runtime/data/file_rows.h"

namespace kcc::runtime {
namespace {

constexpr int64_t kPreamble = 4;  // bytes up to the rank

std::optional<DType> type_of(uint8_t code) {
  switch (code) {
    case 0x08:
      return DType::kU8;
    case 0x09:
      return DType::kI8;
    case 0x0b:
      return DType::kI16;
    case 0x0c:
      return DType::kI32;
    case 0x0d:
      return DType::kF32;
    case 0x0e:
      return DType::kF64;
    default:
      return std::nullopt;
  }
}

bool is_preamble(const uint8_t* bytes) {
  return bytes[0] == 0 && bytes[1] == 0 && type_of(bytes[2]) && bytes[3] > 0;
}

int64_t header_bytes(const uint8_t* preamble) {
  return kPreamble + 4 * preamble[3];
}

// `header` is whole.
Result<NpyHeader> parse_header(const std::string& path, const uint8_t* header) {
  NpyHeader layout{*type_of(header[2]), false, false, {}};
  layout.swapped = size_of(layout.type) > 1;
  for (int64_t at = kPreamble; at < header_bytes(header); at += 4) {
    layout.shape.push_back(int64_t{header[at]} << 24 | header[at + 1] << 16 | header[at + 2] << 8 | header[at + 3]);
  }
  Result<int64_t> elements = checked_elements(path, layout.shape, layout.type);
  if (!elements) return elements.error();
  return layout;
}

Error not_idx(const std::string& path) {
  return make_error("%s: not an IDX file", path.c_str());
}

Error wrong_size(const std::string& path, const NpyHeader& layout, int64_t bytes) {
  return make_error("%s: the shape %s of %s needs %ld bytes, %s", path.c_str(), print_shape(layout.shape).c_str(),
                    name_of(layout.type), bytes, "but the file has another size");
}

Result<Array> read_plain(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>((*file)->data());
  const int64_t size = (*file)->size();
  if (size < kPreamble || !is_preamble(bytes) || size < header_bytes(bytes)) return not_idx(path);
  const int64_t begin = header_bytes(bytes);
  Result<NpyHeader> layout = parse_header(path, bytes);
  if (!layout) return layout.error();
  if (Status status = check_npy_size(path, *layout, size - begin); !status) return status.error();
  return array_in_file(*file, begin, *layout);
}

// Unpacks a gzip file from its beginning on.
class GzipStream {
 public:
  explicit GzipStream(const std::string& path) : file_(gzopen(path.c_str(), "rbe")) {}
  ~GzipStream() {
    if (file_) gzclose_r(file_);
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  bool opened() const { return file_ != nullptr; }

  // False: there are not so many, or the file is damaged.
  bool read(void* out, int64_t bytes) {
    for (char* at = static_cast<char*>(out); bytes > 0;) {
      const int got = gzread(file_, at, static_cast<unsigned>(std::min<int64_t>(bytes, 1 << 30)));
      if (got <= 0) return false;
      at += got;
      bytes -= got;
    }
    return true;
  }

  // Also compares the checksum.
  bool at_end() {
    char more = 0;
    return gzread(file_, &more, 1) == 0;
  }

 private:
  gzFile file_;
};

Result<Array> read_packed(const std::string& path) {
  auto file = MappedFile::open(path);  // complete messages, and the size
  if (!file) return file.error();
  GzipStream stream(path);
  if (!stream.opened()) return make_error("%s: cannot be read", path.c_str());
  uint8_t header[kPreamble + 4 * 255];
  if (!stream.read(header, kPreamble) || !is_preamble(header) ||
      !stream.read(header + kPreamble, header_bytes(header) - kPreamble)) {
    return make_error("%s: not a gzip file of IDX", path.c_str());
  }
  Result<NpyHeader> layout = parse_header(path, header);
  if (!layout) return layout.error();
  const int64_t bytes = Array{layout->type, layout->shape, nullptr, nullptr}.bytes();
  constexpr int64_t kDeflateAtMost = 1040;  // room for more than the file can hold is not made
  if (bytes / kDeflateAtMost > (*file)->size()) return wrong_size(path, *layout, bytes);
  Result<OwnedArray> raw = make_array(path, layout->type, layout->shape);
  if (!raw) return raw.error();
  if (!stream.read(raw->data, bytes) || !stream.at_end()) return wrong_size(path, *layout, bytes);
  if (layout->swapped) swap_bytes(raw->data, bytes, size_of(layout->type));
  return raw->array;
}

}  // namespace

bool looks_like_idx(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file || (*file)->size() < kPreamble) return false;
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>((*file)->data());
  return path.ends_with(".gz") ? bytes[0] == 0x1f && bytes[1] == 0x8b : is_preamble(bytes);
}

Result<Array> read_idx(const std::string& path) {
  return path.ends_with(".gz") ? read_packed(path) : read_plain(path);
}

}  // namespace kcc::runtime
