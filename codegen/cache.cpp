#include "codegen/cache.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

namespace kcc {
namespace {

namespace fs = std::filesystem;

// Files lie in 256 folders by the first byte of their hash; each folder is kept below its share of 1 GiB, so that
// tidying looks at few files.
constexpr uint64_t kFolderBytes = uint64_t{4} << 20;
constexpr auto kAbandoned = std::chrono::hours(1);  // a temporary file this old has no writer any more

// A file: this header, then key, schedule and object. The checksum covers everything behind the header.
struct Header {
  char magic[8];
  XXH128_canonical_t checksum;
  uint64_t key_bytes, notes_bytes, object_bytes;
};
constexpr char kMagic[8] = {'k', 'c', 'c', 'k', 'e', 'r', 'n', '1'};

XXH128_canonical_t hash_of(const char* data, size_t size) {
  XXH128_canonical_t hash;
  XXH128_canonicalFromHash(&hash, XXH3_128bits(data, size));
  return hash;
}

std::string pack(const std::string& key, const CachedKernel& kernel) {
  const std::string body = key + kernel.notes + kernel.object;
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.checksum = hash_of(body.data(), body.size());
  header.key_bytes = key.size();
  header.notes_bytes = kernel.notes.size();
  header.object_bytes = kernel.object.size();
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + body;
}

std::optional<CachedKernel> unpack(const std::string& file, const std::string& key) {
  Header header;
  if (file.size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, file.data(), sizeof(header));
  const uint64_t size = file.size() - sizeof(header);
  // Each below the file's size first: three wild numbers could add up to the right one.
  if (header.key_bytes > size || header.notes_bytes > size || header.object_bytes > size) return std::nullopt;
  if (header.key_bytes + header.notes_bytes + header.object_bytes != size) return std::nullopt;
  const char* body = file.data() + sizeof(header);
  const XXH128_canonical_t checksum = hash_of(body, size);
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) return std::nullopt;
  if (std::memcmp(&header.checksum, &checksum, sizeof(checksum)) != 0) return std::nullopt;
  if (std::string_view(body, header.key_bytes) != key) return std::nullopt;
  const char* notes = body + header.key_bytes;
  const char* object = notes + header.notes_bytes;
  return CachedKernel{{object, header.object_bytes}, {notes, header.notes_bytes}};
}

// Removes what crashed writers left behind and, above the folder's share, what was longest not used.
void tidy(const fs::path& folder) {
  struct Entry {
    fs::file_time_type used;
    uint64_t bytes;
    fs::path path;
  };
  std::vector<Entry> entries;
  uint64_t total = 0;
  std::error_code error;
  const fs::file_time_type now = fs::file_time_type::clock::now();
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;  // others tidy too
    const Entry entry{it->last_write_time(gone), it->file_size(gone), it->path()};
    if (gone) continue;
    if (entry.path.extension() == ".tmp") {
      if (now - entry.used > kAbandoned) fs::remove(entry.path, gone);
      continue;
    }
    total += entry.bytes;
    entries.push_back(entry);
  }
  if (total <= kFolderBytes) return;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& entry : entries) {
    if (total <= kFolderBytes / 4 * 3) return;
    std::error_code ignored;
    fs::remove(entry.path, ignored);
    total -= entry.bytes;
  }
}

}  // namespace

std::string hash_text(const std::string& bytes) {
  std::string text;
  for (unsigned char byte : hash_of(bytes.data(), bytes.size()).digest) text += fmt::format("{:02x}", byte);
  return text;
}

KernelCache::KernelCache(std::string folder) : folder_(std::move(folder)) {}

std::string KernelCache::path_of(const std::string& key) const {
  const std::string name = hash_text(key);
  return fmt::format("{}/{}/{}.kernel", folder_, name.substr(0, 2), name.substr(2));
}

std::optional<CachedKernel> KernelCache::find(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  const std::string path = path_of(key);
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !(bytes << file.rdbuf())) return std::nullopt;
  std::optional<CachedKernel> kernel = unpack(bytes.str(), key);
  std::error_code ignored;  // read-only folders serve all the same
  if (kernel) fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
  return kernel;
}

void KernelCache::keep(const std::string& key, const CachedKernel& kernel) const {
  if (folder_.empty()) return;
  const std::string path = path_of(key);
  const fs::path folder = fs::path(path).parent_path();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return;
  std::string temporary = (folder / "XXXXXX.tmp").string();
  const int file = ::mkstemps(temporary.data(), 4);
  if (file < 0) return;
  const std::string bytes = pack(key, kernel);
  const bool written = ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  const bool readable = ::fchmod(file, 0644) == 0;  // mkstemp's 0600 would hide shared caches
  ::close(file);
  if (!written || !readable || ::rename(temporary.c_str(), path.c_str()) != 0) ::unlink(temporary.c_str());
  tidy(folder);
}

std::string KernelCache::default_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return std::string(cache) + "/kcc";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] != '\0') return std::string(home) + "/.cache/kcc";
  return "";
}

}  // namespace kcc
