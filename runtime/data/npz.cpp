#include "runtime/data/npz.h"

#include <algorithm>

#include "runtime/data/npy.h"
#include "runtime/data/npy_header.h"
#include "runtime/files/zip_reader.h"
#include "runtime/files/zip_writer.h"

namespace kcc::runtime {
namespace {

// Header first, so that room is made for what it announces only when the member has exactly that size.
Result<Array> read_member(const std::string& source, ZipReader& zip, int64_t size) {
  std::string header(static_cast<size_t>(std::min(size, kNpyPreamble)), '\0');
  if (Status status = zip.read(header.data(), static_cast<int64_t>(header.size())); !status) return status.error();
  Result<int64_t> header_bytes = npy_header_bytes(source, header);
  if (!header_bytes) return header_bytes.error();
  if (*header_bytes > size) return make_error("%s: cut off in the .npy header", source.c_str());
  header.resize(static_cast<size_t>(*header_bytes));
  Status status = zip.read(header.data() + kNpyPreamble, *header_bytes - kNpyPreamble);
  if (!status) return status.error();
  Result<NpyHeader> parsed = parse_npy_header(source, header);
  if (!parsed) return parsed.error();
  status = check_npy_size(source, *parsed, size - *header_bytes);
  if (!status) return status.error();
  Result<OwnedArray> raw = make_array(source, parsed->type, parsed->shape);
  if (!raw) return raw.error();
  status = zip.read(raw->data, raw->array.bytes());
  if (!status) return status.error();
  status = zip.close_member();
  if (!status) return status.error();
  return arrange_npy(source, *parsed, raw->data, raw->array.owner);
}

}  // namespace

Result<Array> read_npz(const std::string& path, const std::string& member) {
  Result<ZipReader> zip = ZipReader::open(path);
  if (!zip) return zip.error();
  const std::vector<std::string>& members = zip->members();
  // np.load takes both spellings.
  const bool spelt_out = std::find(members.begin(), members.end(), member) != members.end();
  Result<int64_t> size = zip->open_member(spelt_out ? member : member + ".npy");
  if (!size) return size.error();
  return read_member(path + ":" + member, *zip, *size);
}

Status write_npz(const std::string& path, const std::vector<std::pair<std::string, Array>>& members) {
  Result<ZipWriter> zip = ZipWriter::create(path);
  if (!zip) return zip.error();
  for (const auto& [name, array] : members) {
    Result<std::string> header = npy_header(array);
    if (!header) return make_error("%s:%s: %s", path.c_str(), name.c_str(), header.error().message.c_str());
    const int64_t header_bytes = static_cast<int64_t>(header->size());
    Status status = zip->begin_member(name + ".npy", header_bytes + array.bytes());
    if (!status) return status;
    status = zip->write(header->data(), header_bytes);
    if (!status) return status;
    status = zip->write(array.data, array.bytes());
    if (!status) return status;
  }
  return zip->commit();
}

}  // namespace kcc::runtime
