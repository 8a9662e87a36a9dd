#include "runtime/data/npy.h"

#include "runtime/data/file_rows.h"
#include "runtime/data/npy_header.h"
#include "runtime/files/atomic_file.h"
#include "runtime/files/mapped_file.h"

namespace kcc::runtime {
namespace {

const char* type_code(DType type) {
  switch (type) {
    case DType::kBool:
      return "|b1";
    case DType::kI8:
      return "|i1";
    case DType::kU8:
      return "|u1";
    case DType::kI16:
      return "<i2";
    case DType::kU16:
      return "<u2";
    case DType::kI32:
      return "<i4";
    case DType::kU32:
      return "<u4";
    case DType::kI64:
      return "<i8";
    case DType::kU64:
      return "<u8";
    case DType::kF16:
      return "<f2";
    case DType::kF32:
      return "<f4";
    case DType::kF64:
      return "<f8";
    case DType::kBF16:
      break;
  }
  return nullptr;
}

struct ParsedHeader {
  NpyHeader header;
  int64_t bytes;
};

Result<ParsedHeader> parse_header(const std::string& source, const std::byte* data, int64_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  Result<int64_t> header_bytes = npy_header_bytes(source, text.substr(0, kNpyPreamble));
  if (!header_bytes) return header_bytes.error();
  if (*header_bytes > size) return make_error("%s: cut off in the .npy header", source.c_str());
  Result<NpyHeader> header = parse_npy_header(source, text.substr(0, static_cast<size_t>(*header_bytes)));
  if (!header) return header.error();
  if (Status status = check_npy_size(source, *header, size - *header_bytes); !status) return status.error();
  return ParsedHeader{std::move(*header), *header_bytes};
}

}  // namespace

Result<Array> parse_npy(const std::string& source, const std::byte* data, int64_t size,
                        std::shared_ptr<const void> owner) {
  Result<ParsedHeader> parsed = parse_header(source, data, size);
  if (!parsed) return parsed.error();
  return arrange_npy(source, parsed->header, data + parsed->bytes, std::move(owner));
}

Result<Array> read_npy(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  Result<ParsedHeader> parsed = parse_header(path, (*file)->data(), (*file)->size());
  if (!parsed) return parsed.error();
  return array_in_file(*file, parsed->bytes, parsed->header);
}

Result<std::string> npy_header(const Array& array) {
  const char* code = type_code(array.type);
  if (!code) return make_error("NumPy has no %s", name_of(array.type));
  std::string header =
      std::string("{'descr': '") + code + "', 'fortran_order': False, 'shape': " + print_shape(array.shape) + ", }";
  // As NumPy does: room for the first extent to grow, then up to a multiple of 64 with the line's end.
  if (!array.shape.empty()) header.append(21 - std::to_string(array.shape[0]).size(), ' ');
  const size_t preamble = 10;
  header.append(63 - (preamble + header.size()) % 64, ' ');
  header += '\n';
  const size_t length = header.size();
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(length & 255) + static_cast<char>(length >> 8) +
         header;
}

Status write_npy(const std::string& path, const Array& array) {
  Result<std::string> header = npy_header(array);
  if (!header) return make_error("%s: %s", path.c_str(), header.error().message.c_str());
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status status = file->write(header->data(), static_cast<int64_t>(header->size())); !status) return status;
  if (Status status = file->write(array.data, array.bytes()); !status) return status;
  return file->commit();
}

}  // namespace kcc::runtime
