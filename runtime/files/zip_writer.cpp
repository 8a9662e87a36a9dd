#include "runtime/files/zip_writer.h"

#include <minizip/zip.h>

#include <algorithm>

namespace kcc::runtime {

struct ZipWriter::Archive {
  std::string path;
  AtomicFile file;
  Status failure;  // the first of `file`: minizip reports only that something failed
  int64_t position = 0;
  zipFile zip = nullptr;
  bool member_open = false;

  ~Archive() {
    if (zip) zipClose(zip, nullptr);
  }
};

namespace {

constexpr uLong kFirstOfJanuary1980 = (1u << 21) | (1u << 16);  // the earliest date that zip can say

// minizip's file functions over the AtomicFile. It goes back once a member, to fill in the member's checksum.
template <typename Archive>
struct FileFunctions {
  static voidpf open(voidpf opaque, const void*, int) { return opaque; }
  static uLong read(voidpf, voidpf, void*, uLong) { return 0; }
  static uLong write(voidpf opaque, voidpf, const void* data, uLong size) {
    Archive& archive = *static_cast<Archive*>(opaque);
    if (!archive.failure) return 0;
    archive.failure = archive.file.write_at(archive.position, data, static_cast<int64_t>(size));
    if (!archive.failure) return 0;
    archive.position += static_cast<int64_t>(size);
    return size;
  }
  static ZPOS64_T tell(voidpf opaque, voidpf) { return static_cast<ZPOS64_T>(static_cast<Archive*>(opaque)->position); }
  static long seek(voidpf opaque, voidpf, ZPOS64_T offset, int origin) {
    Archive& archive = *static_cast<Archive*>(opaque);
    const int64_t base = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
                         : origin == ZLIB_FILEFUNC_SEEK_CUR ? archive.position
                                                            : archive.file.size();
    archive.position = base + static_cast<int64_t>(offset);
    return 0;
  }
  static int close(voidpf, voidpf) { return 0; }
  static int error(voidpf opaque, voidpf) { return static_cast<Archive*>(opaque)->failure ? 0 : 1; }
};

template <typename Archive>
zipFile open_file(Archive& archive) {
  using Functions = FileFunctions<Archive>;
  zlib_filefunc64_def functions{};
  functions.zopen64_file = Functions::open;
  functions.zread_file = Functions::read;
  functions.zwrite_file = Functions::write;
  functions.ztell64_file = Functions::tell;
  functions.zseek64_file = Functions::seek;
  functions.zclose_file = Functions::close;
  functions.zerror_file = Functions::error;
  functions.opaque = &archive;
  return zipOpen2_64(archive.path.c_str(), APPEND_STATUS_CREATE, nullptr, &functions);
}

template <typename Archive>
Status checked(const Archive& archive, bool done) {
  if (!archive.failure) return archive.failure;
  if (!done) return make_error("%s: cannot write the zip archive", archive.path.c_str());
  return {};
}

template <typename Archive>
Status end_member(Archive& archive) {
  if (!archive.member_open) return {};
  archive.member_open = false;
  return checked(archive, zipCloseFileInZip(archive.zip) == ZIP_OK);
}

}  // namespace

ZipWriter::ZipWriter(std::unique_ptr<Archive> archive) : archive_(std::move(archive)) {}
ZipWriter::ZipWriter(ZipWriter&&) noexcept = default;
ZipWriter::~ZipWriter() = default;

Result<ZipWriter> ZipWriter::create(const std::string& path) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  auto archive = std::unique_ptr<Archive>(new Archive{.path = path, .file = std::move(*file), .failure = {}});
  archive->zip = open_file(*archive);
  if (Status status = checked(*archive, archive->zip != nullptr); !status) return status.error();
  return ZipWriter(std::move(archive));
}

Status ZipWriter::begin_member(const std::string& name, int64_t bytes) {
  Archive& archive = *archive_;
  if (Status status = end_member(archive); !status) return status;
  zip_fileinfo info{};
  info.dosDate = kFirstOfJanuary1980;
  const int zip64 = bytes >= 0xffffffff;
  const int method = 0;  // stored
  archive.member_open = zipOpenNewFileInZip64(archive.zip, name.c_str(), &info, nullptr, 0, nullptr, 0, nullptr, method,
                                              0, zip64) == ZIP_OK;
  return checked(archive, archive.member_open);
}

Status ZipWriter::write(const void* data, int64_t bytes) {
  const char* rest = static_cast<const char*>(data);
  while (bytes > 0) {
    const int64_t count = std::min<int64_t>(bytes, 1 << 30);
    const int status = zipWriteInFileInZip(archive_->zip, rest, static_cast<unsigned>(count));
    if (Status written = checked(*archive_, status == ZIP_OK); !written) return written;
    rest += count;
    bytes -= count;
  }
  return {};
}

Status ZipWriter::commit() {
  Archive& archive = *archive_;
  if (Status status = end_member(archive); !status) return status;
  const int status = zipClose(std::exchange(archive.zip, nullptr), nullptr);
  if (Status closed = checked(archive, status == ZIP_OK); !closed) return closed;
  return archive.file.commit();
}

}  // namespace kcc::runtime
