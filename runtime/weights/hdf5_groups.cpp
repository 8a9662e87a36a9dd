#include "runtime/weights/hdf5_groups.h"

#include <algorithm>
#include <cstring>

namespace kcc::runtime {
namespace {

constexpr int kMaxLevels = 64;
constexpr uint64_t kMaxName = 4096;

class GroupReader {
 public:
  GroupReader(Hdf5Image& image, const std::string& path, uint64_t address)
      : image_(image), path_(path), address_(address) {}

  Result<std::vector<Hdf5Link>> read(const std::vector<Hdf5Message>& messages) {
    const Hdf5Message* table = find_message(messages, Hdf5MessageType::kSymbolTable);
    const Status status = table ? read_symbol_table(table->body) : read_links(messages);
    if (!status) return status.error();
    return std::move(links_);
  }

 private:
  Status add(std::string_view name, uint64_t object) {
    if (name.empty() || name.size() > kMaxName || name.find('/') != name.npos ||
        !image_.afford(path_.size() + name.size())) {
      return image_.damaged("name in group", address_);
    }
    links_.push_back({name, object});
    return {};
  }

  // III.D. A group's names: one block of zero-terminated text.
  Status read_local_heap(uint64_t address) {
    Hdf5Cursor cursor = image_.at(address);
    const bool signed_heap = cursor.signature("HEAP");
    cursor.skip(4);
    const uint64_t bytes = cursor.u64();
    cursor.skip(8);
    Hdf5Cursor segment = image_.at(cursor.u64());
    names_ = segment.part(bytes);
    if (!signed_heap || cursor.failed() || segment.failed()) return image_.damaged("local heap", address);
    return {};
  }

  Status read_symbol_table(Hdf5Cursor body) {
    const uint64_t tree = body.u64(), heap = body.u64();
    if (Status status = read_local_heap(heap); !status) return status;
    return read_tree(tree, 0);
  }

  // III.A.1. A version-1 B-tree; its leaves are symbol table nodes. The keys repeat names: not needed.
  Status read_tree(uint64_t address, int level_from_root) {
    Hdf5Cursor cursor = image_.at(address);
    const bool signed_node = cursor.signature("TREE");
    const uint64_t type = cursor.u8(), level = cursor.u8(), entries = cursor.u16();
    cursor.skip(16);  // siblings
    if (!signed_node || type != 0 || cursor.failed() || level_from_root > kMaxLevels || !image_.afford(1)) {
      return image_.damaged("B-tree node", address);
    }
    for (uint64_t i = 0; i < entries; ++i) {
      cursor.skip(8);
      const uint64_t child = cursor.u64();
      if (cursor.failed()) return image_.damaged("B-tree node", address);
      Status status = level > 0 ? read_tree(child, level_from_root + 1) : read_symbol_node(child);
      if (!status) return status;
    }
    return {};
  }

  // III.B, III.C.
  Status read_symbol_node(uint64_t address) {
    Hdf5Cursor cursor = image_.at(address);
    const bool signed_node = cursor.signature("SNOD");
    cursor.skip(2);
    const uint64_t entries = cursor.u16();
    if (!signed_node || cursor.failed() || !image_.afford(1 + entries))
      return image_.damaged("symbol table node", address);
    for (uint64_t i = 0; i < entries; ++i) {
      const uint64_t name_at = cursor.u64(), object = cursor.u64(), cache = cursor.u32();
      cursor.skip(20);
      if (cursor.failed() || name_at >= names_.left()) return image_.damaged("symbol table node", address);
      const char* begin = reinterpret_cast<const char*>(names_.data()) + name_at;
      const std::string_view name(begin, strnlen(begin, std::min(names_.left() - name_at, kMaxName + 1)));
      if (cache == 2) return image_.unsupported(path_, "a symbolic link '" + std::string(name) + "'");
      if (Status status = add(name, object); !status) return status;
    }
    return {};
  }

  // IV.A.2.g. Links in the group's own header; many links are stored elsewhere ("densely").
  Status read_links(const std::vector<Hdf5Message>& messages) {
    const Hdf5Message* info = find_message(messages, Hdf5MessageType::kLinkInfo);
    if (!info) return image_.unsupported(path_, "neither a group nor a dataset");
    Hdf5Cursor body = info->body;
    body.skip(1);
    if (body.u8() & 1) body.skip(8);
    if (body.u64() != kHdf5Undefined) return image_.unsupported(path_, "a group in HDF5's new dense storage");
    for (const Hdf5Message& message : messages) {
      if (message.type != Hdf5MessageType::kLink) continue;
      Hdf5Cursor link = message.body;
      link.skip(1);
      const uint64_t flags = link.u8();
      const uint64_t kind = flags & 8 ? link.u8() : 0;
      if (flags & 4) link.skip(8);   // creation order
      if (flags & 16) link.skip(1);  // character set
      const std::string_view name = link.text(link.number(uint64_t{1} << (flags & 3)));
      if (kind != 0) return image_.unsupported(path_, "a soft or external link '" + std::string(name) + "'");
      const uint64_t object = link.u64();
      if (link.failed()) return image_.damaged("link", address_);
      if (Status status = add(name, object); !status) return status;
    }
    return {};
  }

  Hdf5Image& image_;
  const std::string& path_;
  uint64_t address_;
  Hdf5Cursor names_;
  std::vector<Hdf5Link> links_;
};

}  // namespace

Result<uint64_t> read_hdf5_superblock(const Hdf5Image& image) {
  Hdf5Cursor cursor = image.at(0);
  if (!cursor.signature("\x89HDF\r\n\x1a\n")) return make_error("%s: not an HDF5 file", image.source().c_str());
  const uint64_t version = cursor.u8();
  if (version > 3) {
    return make_error("%s: HDF5 superblock version %llu is not supported, expected 0 to 3", image.source().c_str(),
                      static_cast<unsigned long long>(version));
  }
  if (version < 2) cursor.skip(4);  // versions of parts
  const uint64_t offset_size = cursor.u8(), length_size = cursor.u8();
  cursor.skip(version == 0 ? 9 : version == 1 ? 13 : 1);  // tree sizes and flags
  const uint64_t base = cursor.u64();
  cursor.skip(8);  // free space or extension
  const uint64_t end = cursor.u64();
  if (version < 2) cursor.skip(16);  // driver information; the root entry's name
  const uint64_t root = cursor.u64();
  if (cursor.failed() || offset_size != 8 || length_size != 8 || base != 0) return image.damaged("superblock", 0);
  if (end > image.size()) {
    return make_error("%s: cut off: %llu bytes, expected %llu", image.source().c_str(),
                      static_cast<unsigned long long>(image.size()), static_cast<unsigned long long>(end));
  }
  return root;
}

Result<std::vector<Hdf5Link>> read_hdf5_group(Hdf5Image& image, const std::string& path, uint64_t address,
                                              const std::vector<Hdf5Message>& messages) {
  return GroupReader(image, path, address).read(messages);
}

}  // namespace kcc::runtime
