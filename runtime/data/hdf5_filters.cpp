#include "runtime/data/hdf5_filters.h"

#include <zlib.h>

#include <algorithm>

namespace kcc::runtime {
namespace {

std::string name_of_filter(uint64_t id) {
  switch (id) {
    case 4:
      return "szip";
    case 5:
      return "nbit";
    case 6:
      return "scaleoffset";
    case 32000:
      return "lzf";
    default:
      return "filter " + std::to_string(id);
  }
}

bool inflate_all(std::vector<std::byte>& data, int64_t bytes) {
  std::vector<std::byte> out(static_cast<size_t>(bytes));
  uLongf length = static_cast<uLongf>(bytes);
  const int code = uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                              reinterpret_cast<const Bytef*>(data.data()), static_cast<uLong>(data.size()));
  if (code != Z_OK) return false;
  out.resize(length);
  data = std::move(out);
  return true;
}

// All first bytes, then all second bytes, ...; a rest that is no whole number stays behind them.
void unshuffle(std::vector<std::byte>& data, size_t element) {
  const size_t count = data.size() / element;
  std::vector<std::byte> out(data);
  for (size_t byte = 0; byte < element; ++byte) {
    const std::byte* from = data.data() + byte * count;
    for (size_t i = 0; i < count; ++i) out[i * element + byte] = from[i];
  }
  data = std::move(out);
}

// Fletcher's checksum over big-endian pairs of bytes, as HDF5's H5_checksum_fletcher32.
uint32_t fletcher32(const std::byte* data, size_t size) {
  uint32_t first = 0, second = 0;
  const auto fold = [](uint32_t sum) { return (sum & 0xffff) + (sum >> 16); };
  for (size_t at = 0; at < size; at += 2) {
    const uint32_t low = at + 1 < size ? std::to_integer<uint32_t>(data[at + 1]) : 0;
    first += std::to_integer<uint32_t>(data[at]) << 8 | low;
    second += first;
    if (at % 720 != 718) continue;  // before the sums overflow
    first = fold(first);
    second = fold(second);
  }
  return fold(fold(second)) << 16 | fold(fold(first));
}

bool check_fletcher32(std::vector<std::byte>& data) {
  if (data.size() < 4) return false;
  uint32_t stored = 0;
  for (size_t i = 4; i > 0; --i) stored = stored << 8 | std::to_integer<uint32_t>(data[data.size() - 5 + i]);
  data.resize(data.size() - 4);
  return fletcher32(data.data(), data.size()) == stored;
}

}  // namespace

Result<std::vector<Hdf5Filter>> parse_hdf5_filters(const Hdf5Image& image, const std::string& path, Hdf5Cursor body) {
  const uint64_t version = body.u8(), count = body.u8();
  if (version == 1) body.skip(6);
  std::vector<Hdf5Filter> filters;
  for (uint64_t i = 0; i < count && !body.failed(); ++i) {
    const uint64_t id = body.u16();
    const uint64_t name_bytes = version == 1 || id >= 256 ? body.u16() : 0;
    body.skip(2);  // flags
    const uint64_t values = body.u16();
    body.skip(version == 1 ? (name_bytes + 7) / 8 * 8 : name_bytes);
    body.skip(4 * values);
    if (version == 1 && values % 2) body.skip(4);
    if (id < 1 || id > 3) return image.unsupported(path, "compression by " + name_of_filter(id));
    filters.push_back(static_cast<Hdf5Filter>(id));
  }
  if (body.failed() || version < 1 || version > 2) {
    return make_error("%s: '/%s': damaged HDF5 file: bad list of filters", image.source().c_str(), path.c_str());
  }
  return filters;
}

bool undo_hdf5_filters(const std::vector<Hdf5Filter>& filters, uint64_t skipped, int64_t element,
                       std::vector<std::byte> stored, int64_t bytes, std::vector<std::byte>& values) {
  constexpr int64_t kChecksums = 4 * 32;  // what earlier filters may have added
  for (size_t i = filters.size(); i-- > 0;) {
    if (skipped >> i & 1) continue;
    switch (filters[i]) {
      case Hdf5Filter::kDeflate:
        if (!inflate_all(stored, bytes + kChecksums)) return false;
        break;
      case Hdf5Filter::kShuffle:
        unshuffle(stored, static_cast<size_t>(element));
        break;
      case Hdf5Filter::kFletcher32:
        if (!check_fletcher32(stored)) return false;
        break;
    }
  }
  values = std::move(stored);
  return static_cast<int64_t>(values.size()) == bytes;
}

}  // namespace kcc::runtime
