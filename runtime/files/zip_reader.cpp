#include "runtime/files/zip_reader.h"

#include <minizip/unzip.h>

#include <algorithm>
#include <cstring>

#include "runtime/files/mapped_file.h"

namespace kcc::runtime {

struct ZipReader::Archive {
  std::string path;
  const std::byte* data = nullptr;
  int64_t size = 0;
  std::shared_ptr<const void> owner;
  int64_t position = 0;
  unzFile zip = nullptr;
  std::vector<std::string> members;
  std::vector<unz64_file_pos> places;  // of members, in the directory
  std::string open;                    // "file.npz:member", for messages

  ~Archive() {
    if (zip) unzClose(zip);
  }
};

namespace {

constexpr int64_t kMaxMembers = 100000;
// What deflate can reach at best; a member that claims more is damaged or hostile.
constexpr uint64_t kMaxRatio = 1032;
// Keras's own guard: more than 4 GiB out of less than a hundredth.
constexpr uint64_t kBombBytes = uint64_t{4} << 30;
constexpr uint64_t kBombRatio = 100;

// minizip's file functions over the map. A cursor is all there is to open.
template <typename Archive>
struct MapFunctions {
  static voidpf open(voidpf opaque, const void*, int) { return opaque; }
  static uLong read(voidpf opaque, voidpf, void* out, uLong size) {
    Archive& archive = *static_cast<Archive*>(opaque);
    const uint64_t left = static_cast<uint64_t>(archive.size - archive.position);
    const uLong count = static_cast<uLong>(std::min<uint64_t>(size, left));
    if (count > 0) std::memcpy(out, archive.data + archive.position, count);
    archive.position += static_cast<int64_t>(count);
    return count;
  }
  static ZPOS64_T tell(voidpf opaque, voidpf) { return static_cast<ZPOS64_T>(static_cast<Archive*>(opaque)->position); }
  static long seek(voidpf opaque, voidpf, ZPOS64_T offset, int origin) {
    Archive& archive = *static_cast<Archive*>(opaque);
    const uint64_t size = static_cast<uint64_t>(archive.size);
    const uint64_t base = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
                          : origin == ZLIB_FILEFUNC_SEEK_CUR ? static_cast<uint64_t>(archive.position)
                                                             : size;
    if (offset > size - base) return -1;
    archive.position = static_cast<int64_t>(base + offset);
    return 0;
  }
  static int close(voidpf, voidpf) { return 0; }
  static int error(voidpf, voidpf) { return 0; }
};

template <typename Archive>
unzFile open_map(Archive& archive) {
  using Functions = MapFunctions<Archive>;
  zlib_filefunc64_def functions{};
  functions.zopen64_file = Functions::open;
  functions.zread_file = Functions::read;
  functions.ztell64_file = Functions::tell;
  functions.zseek64_file = Functions::seek;
  functions.zclose_file = Functions::close;
  functions.zerror_file = Functions::error;
  functions.opaque = &archive;
  return unzOpen2_64(archive.path.c_str(), &functions);
}

std::string list_members(const std::vector<std::string>& members) {
  std::string text;
  for (size_t i = 0; i < members.size(); ++i) {
    if (i == 20) return text + ", ...";
    text += (i ? ", '" : "'") + members[i] + "'";
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace

ZipReader::ZipReader(std::unique_ptr<Archive> archive) : archive_(std::move(archive)) {}
ZipReader::ZipReader(ZipReader&&) noexcept = default;
ZipReader::~ZipReader() = default;
const std::vector<std::string>& ZipReader::members() const {
  return archive_->members;
}

Result<ZipReader> ZipReader::open(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  return parse(path, (*file)->data(), (*file)->size(), *file);
}

Result<ZipReader> ZipReader::parse(const std::string& path, const std::byte* data, int64_t size,
                                   std::shared_ptr<const void> owner) {
  auto archive = std::make_unique<Archive>();
  archive->path = path;
  archive->data = data;
  archive->size = size;
  archive->owner = std::move(owner);
  archive->zip = open_map(*archive);
  if (!archive->zip) return make_error("%s: not a zip archive, or cut off", path.c_str());
  for (int status = unzGoToFirstFile(archive->zip); status != UNZ_END_OF_LIST_OF_FILE;
       status = unzGoToNextFile(archive->zip)) {
    unz_file_info64 info{};
    char name[1024] = {};
    unz64_file_pos place{};
    if (status != UNZ_OK ||
        unzGetCurrentFileInfo64(archive->zip, &info, name, sizeof(name) - 1, nullptr, 0, nullptr, 0) != UNZ_OK ||
        unzGetFilePos64(archive->zip, &place) != UNZ_OK) {
      return make_error("%s: the zip archive's directory is damaged", path.c_str());
    }
    if (archive->members.size() == kMaxMembers) return make_error("%s: too many zip members", path.c_str());
    archive->members.emplace_back(name);
    archive->places.push_back(place);
  }
  return ZipReader(std::move(archive));
}

Result<int64_t> ZipReader::open_member(const std::string& name) {
  Archive& archive = *archive_;
  const char* path = archive.path.c_str();
  archive.open = archive.path + ":" + name;
  const auto found = std::find(archive.members.begin(), archive.members.end(), name);
  if (found == archive.members.end()) {
    return make_error("%s: no member '%s', it holds %s", path, name.c_str(), list_members(archive.members).c_str());
  }
  unz_file_info64 info{};
  if (unzGoToFilePos64(archive.zip, &archive.places[found - archive.members.begin()]) != UNZ_OK ||
      unzGetCurrentFileInfo64(archive.zip, &info, nullptr, 0, nullptr, 0, nullptr, 0) != UNZ_OK) {
    return make_error("%s: the zip archive's directory is damaged", path);
  }
  if (info.flag & 1) return make_error("%s: encrypted, which is not supported", archive.open.c_str());
  if (info.compression_method != 0 && info.compression_method != Z_DEFLATED) {
    return make_error("%s: compression method %lu is not supported, expected stored or deflated", archive.open.c_str(),
                      info.compression_method);
  }
  const uint64_t stored = info.compressed_size, size = info.uncompressed_size;
  if (stored > static_cast<uint64_t>(archive.size)) {
    return make_error("%s: cut off: the file has %lld bytes, the member alone %llu", archive.open.c_str(),
                      static_cast<long long>(archive.size), static_cast<unsigned long long>(stored));
  }
  if (size / kMaxRatio > stored || (size > kBombBytes && size / kBombRatio > stored)) {
    return make_error("%s: refused: %llu bytes claim to unpack to %llu", archive.open.c_str(),
                      static_cast<unsigned long long>(stored), static_cast<unsigned long long>(size));
  }
  if (unzOpenCurrentFile(archive.zip) != UNZ_OK) {
    return make_error("%s: the zip member's header is damaged", archive.open.c_str());
  }
  return static_cast<int64_t>(size);
}

Status ZipReader::read(void* out, int64_t bytes) {
  char* rest = static_cast<char*>(out);
  while (bytes > 0) {
    const int count = unzReadCurrentFile(archive_->zip, rest, static_cast<unsigned>(std::min<int64_t>(bytes, 1 << 30)));
    if (count == UNZ_CRCERROR) return make_error("%s: damaged: its checksum is wrong", archive_->open.c_str());
    if (count < 0) return make_error("%s: damaged: cannot be unpacked", archive_->open.c_str());
    if (count == 0) {
      return make_error("%s: cut off: %lld bytes are missing", archive_->open.c_str(), static_cast<long long>(bytes));
    }
    rest += count;
    bytes -= count;
  }
  return {};
}

Status ZipReader::close_member() {
  const int status = unzCloseCurrentFile(archive_->zip);
  if (status == UNZ_CRCERROR) return make_error("%s: damaged: its checksum is wrong", archive_->open.c_str());
  if (status != UNZ_OK) return make_error("%s: damaged", archive_->open.c_str());
  return {};
}

}  // namespace kcc::runtime
