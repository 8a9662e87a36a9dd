#include "runtime/weights/hdf5_reader.h"

#include <algorithm>
#include <set>

#include "runtime/files/mapped_file.h"
#include "runtime/weights/hdf5_header.h"
#include "runtime/weights/hdf5_messages.h"

namespace kcc::runtime {
namespace {

constexpr uint64_t kUndefined = ~uint64_t{0};  // HDF5's "no address"
constexpr int kMaxDepth = 64;
constexpr uint64_t kMaxName = 4096;

class Reader {
 public:
  Reader(const std::string& source, const std::byte* data, int64_t size, std::shared_ptr<const void> owner)
      : image_(source, data, size), owner_(std::move(owner)) {}

  Result<Hdf5Tree> read() {
    Result<uint64_t> root = read_superblock();
    if (!root) return root.error();
    if (Status status = read_object(*root, "", 0); !status) return status.error();
    return std::move(tree_);
  }

 private:
  Error unsupported(const std::string& path, const std::string& feature) const {
    return make_error("%s: '/%s': %s, which Keras does not write; load the file with Keras and save it again",
                      image_.source().c_str(), path.c_str(), feature.c_str());
  }

  // III.A. The address of the root group's object header.
  Result<uint64_t> read_superblock() {
    Hdf5Cursor cursor = image_.at(0);
    if (!cursor.signature("\x89HDF\r\n\x1a\n")) return make_error("%s: not an HDF5 file", image_.source().c_str());
    const uint64_t version = cursor.u8();
    if (version > 3) {
      return make_error("%s: HDF5 superblock version %llu is not supported, expected 0 to 3", image_.source().c_str(),
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
    if (cursor.failed() || offset_size != 8 || length_size != 8 || base != 0) return image_.damaged("superblock", 0);
    if (end > image_.size()) {
      return make_error("%s: cut off: %llu bytes, expected %llu", image_.source().c_str(),
                        static_cast<unsigned long long>(image_.size()), static_cast<unsigned long long>(end));
    }
    return root;
  }

  Status read_object(uint64_t address, const std::string& path, int depth) {
    if (depth > kMaxDepth) return image_.damaged("group: too deep", address);
    if (!visited_.insert(address).second) return unsupported(path, "a second name of the same object");
    Result<std::vector<Hdf5Message>> header = read_hdf5_header(image_, address);
    if (!header) return header.error();
    const std::vector<Hdf5Message>& messages = *header;

    Hdf5Object& object = tree_[path];
    if (Status status = read_attributes(path, address, messages, object); !status) return status;
    if (find_message(messages, Hdf5MessageType::kLayout)) return read_dataset(path, address, messages, object);
    if (const Hdf5Message* table = find_message(messages, Hdf5MessageType::kSymbolTable)) {
      Hdf5Cursor body = table->body;
      const uint64_t tree = body.u64(), heap = body.u64();
      return read_symbol_table(path, tree, heap, depth);
    }
    return read_links(path, address, messages, depth);
  }

  Status read_child(uint64_t address, const std::string& path, std::string_view name, int depth) {
    if (name.empty() || name.size() > kMaxName || name.find('/') != name.npos ||
        !image_.afford(path.size() + name.size())) {
      return image_.damaged("name in group", address);
    }
    return read_object(address, path.empty() ? std::string(name) : path + "/" + std::string(name), depth + 1);
  }

  // III.D. A group's names: one block of zero-terminated text.
  Result<Hdf5Cursor> read_local_heap(uint64_t address) const {
    Hdf5Cursor cursor = image_.at(address);
    const bool signed_heap = cursor.signature("HEAP");
    cursor.skip(4);
    const uint64_t bytes = cursor.u64();
    cursor.skip(8);
    Hdf5Cursor segment = image_.at(cursor.u64());
    Hdf5Cursor names = segment.part(bytes);
    if (!signed_heap || cursor.failed() || segment.failed()) return image_.damaged("local heap", address);
    return names;
  }

  Status read_symbol_table(const std::string& path, uint64_t tree, uint64_t heap, int depth) {
    Result<Hdf5Cursor> names = read_local_heap(heap);
    if (!names) return names.error();
    return read_tree(path, tree, *names, depth, 0);
  }

  // III.A.1. A version-1 B-tree; its leaves are symbol table nodes. The keys repeat names: not needed.
  Status read_tree(const std::string& path, uint64_t address, Hdf5Cursor names, int depth, int level_from_root) {
    Hdf5Cursor cursor = image_.at(address);
    const bool signed_node = cursor.signature("TREE");
    const uint64_t type = cursor.u8(), level = cursor.u8(), entries = cursor.u16();
    cursor.skip(16);  // siblings
    if (!signed_node || type != 0 || cursor.failed() || level_from_root > kMaxDepth || !image_.afford(1)) {
      return image_.damaged("B-tree node", address);
    }
    for (uint64_t i = 0; i < entries; ++i) {
      cursor.skip(8);
      const uint64_t child = cursor.u64();
      if (cursor.failed()) return image_.damaged("B-tree node", address);
      Status status = level > 0 ? read_tree(path, child, names, depth, level_from_root + 1)
                                : read_symbol_node(path, child, names, depth);
      if (!status) return status;
    }
    return {};
  }

  // III.B, III.C.
  Status read_symbol_node(const std::string& path, uint64_t address, Hdf5Cursor names, int depth) {
    Hdf5Cursor cursor = image_.at(address);
    const bool signed_node = cursor.signature("SNOD");
    cursor.skip(2);
    const uint64_t entries = cursor.u16();
    if (!signed_node || cursor.failed() || !image_.afford(1 + entries))
      return image_.damaged("symbol table node", address);
    for (uint64_t i = 0; i < entries; ++i) {
      const uint64_t name_at = cursor.u64(), object = cursor.u64(), cache = cursor.u32();
      cursor.skip(20);
      if (cursor.failed() || name_at >= names.left()) return image_.damaged("symbol table node", address);
      const char* begin = reinterpret_cast<const char*>(names.data()) + name_at;
      const std::string_view name(begin, strnlen(begin, std::min(names.left() - name_at, kMaxName + 1)));
      if (cache == 2) return unsupported(path, "a symbolic link '" + std::string(name) + "'");
      if (Status status = read_child(object, path, name, depth); !status) return status;
    }
    return {};
  }

  // IV.A.2.g. Links in the group's own header; many links are stored elsewhere ("densely").
  Status read_links(const std::string& path, uint64_t address, const std::vector<Hdf5Message>& messages, int depth) {
    const Hdf5Message* info = find_message(messages, Hdf5MessageType::kLinkInfo);
    if (!info) return unsupported(path, "neither a group nor a dataset");
    Hdf5Cursor body = info->body;
    body.skip(1);
    if (body.u8() & 1) body.skip(8);
    if (body.u64() != kUndefined) return unsupported(path, "a group in HDF5's new dense storage");
    for (const Hdf5Message& message : messages) {
      if (message.type != Hdf5MessageType::kLink) continue;
      Hdf5Cursor link = message.body;
      link.skip(1);
      const uint64_t flags = link.u8();
      const uint64_t kind = flags & 8 ? link.u8() : 0;
      if (flags & 4) link.skip(8);   // creation order
      if (flags & 16) link.skip(1);  // character set
      const std::string_view name = link.text(link.number(uint64_t{1} << (flags & 3)));
      if (kind != 0) return unsupported(path, "a soft or external link '" + std::string(name) + "'");
      const uint64_t object = link.u64();
      if (link.failed()) return image_.damaged("link", address);
      if (Status status = read_child(object, path, name, depth); !status) return status;
    }
    return {};
  }

  Status read_dataset(const std::string& path, uint64_t address, const std::vector<Hdf5Message>& messages,
                      Hdf5Object& object) {
    const Hdf5Message* type_message = find_message(messages, Hdf5MessageType::kType);
    const Hdf5Message* space_message = find_message(messages, Hdf5MessageType::kSpace);
    if (!type_message || !space_message) return image_.damaged("dataset", address);
    if (find_message(messages, Hdf5MessageType::kExternalFiles)) return unsupported(path, "values in another file");
    if (find_message(messages, Hdf5MessageType::kFilters)) return unsupported(path, "compressed values");
    if (type_message->shared || space_message->shared) return unsupported(path, "a shared datatype");
    Hdf5Cursor type_body = type_message->body;
    Hdf5Type type = parse_hdf5_type(type_body);
    const auto shape = parse_hdf5_space(space_message->body);
    if (type_body.failed() || !shape) return image_.damaged("dataset", address);
    if (type.kind == Hdf5Type::kOpaque && type.size == 2 && is_bfloat16(object)) {
      type = Hdf5Type{Hdf5Type::kNumber, DType::kBF16, 2, {}};
    }
    if (type.kind != Hdf5Type::kNumber) return unsupported(path, type.seen.empty() ? "text or raw bytes" : type.seen);
    Result<int64_t> elements = checked_elements(image_.source() + ": '/" + path + "'", *shape, type.number);
    if (!elements) return elements.error();
    object.dataset = Array{type.number, *shape, nullptr, owner_};
    return find_values(path, address, find_message(messages, Hdf5MessageType::kLayout)->body, *object.dataset);
  }

  // How H5IOStore marks the two raw bytes of its bfloat16.
  static bool is_bfloat16(const Hdf5Object& object) {
    const auto mark = object.attributes.find("dtype");
    if (mark == object.attributes.end()) return false;
    const std::string* name = std::get_if<std::string>(&mark->second);
    return name && *name == "bfloat16";
  }

  // IV.A.2.i. Where the values lie.
  Status find_values(const std::string& path, uint64_t address, Hdf5Cursor layout, Array& array) {
    const uint64_t version = layout.u8(), kind = layout.u8();
    const uint64_t bytes = static_cast<uint64_t>(array.bytes());
    if (version != 3 && version != 4) {
      return unsupported(path, "a dataset of HDF5 layout version " + std::to_string(version));
    }
    if (kind == 2) return unsupported(path, "values in chunks");
    if (kind == 3) return unsupported(path, "a virtual dataset");
    uint64_t stored = 0;
    Hdf5Cursor values;
    if (kind == 0) {
      stored = layout.u16();
      values = layout;
    } else if (kind == 1) {
      const uint64_t place = layout.u64();
      stored = layout.u64();
      if (place == kUndefined && bytes > 0) return unsupported(path, "a dataset without values");
      values = place == kUndefined ? Hdf5Cursor() : image_.at(place);
    } else {
      return image_.damaged("dataset layout", address);
    }
    array.data = values.data();
    values.skip(bytes);
    if (layout.failed() || values.failed() || stored != bytes) return image_.damaged("dataset layout", address);
    return {};
  }

  Status read_attributes(const std::string& path, uint64_t address, const std::vector<Hdf5Message>& messages,
                         Hdf5Object& object) {
    if (const Hdf5Message* info = find_message(messages, Hdf5MessageType::kAttributeInfo)) {
      Hdf5Cursor body = info->body;
      body.skip(1);
      if (body.u8() & 1) body.skip(2);
      if (body.u64() != kUndefined) return unsupported(path, "attributes in HDF5's new dense storage");
    }
    for (const Hdf5Message& message : messages) {
      if (message.type != Hdf5MessageType::kAttribute || message.shared) continue;
      if (Status status = read_attribute(address, message.body, object); !status) return status;
    }
    return {};
  }

  // IV.A.2.m. Kinds of values that mean nothing to Keras are left out.
  Status read_attribute(uint64_t address, Hdf5Cursor cursor, Hdf5Object& object) {
    const uint64_t version = cursor.u8(), flags = cursor.u8();
    const uint64_t name_bytes = cursor.u16(), type_bytes = cursor.u16(), space_bytes = cursor.u16();
    if (version == 3) cursor.skip(1);  // the name's character set
    const auto padded = [version](uint64_t bytes) { return version == 1 ? (bytes + 7) / 8 * 8 : bytes; };
    std::string_view name = cursor.text(padded(name_bytes));
    Hdf5Cursor type_body = cursor.part(padded(type_bytes)), space_body = cursor.part(padded(space_bytes));
    if (cursor.failed() || version < 1 || version > 3 || name_bytes == 0) return image_.damaged("attribute", address);
    if (version > 1 && flags != 0) return {};  // a shared datatype
    name = name.substr(0, std::min(name.find('\0'), name.size()));
    const Hdf5Type type = parse_hdf5_type(type_body);
    const auto shape = parse_hdf5_space(space_body);
    if (type_body.failed()) return image_.damaged("attribute", address);
    if (!shape) return {};
    if (type.kind == Hdf5Type::kNumber) return read_number_attribute(name, type, *shape, cursor, object);
    if (type.kind == Hdf5Type::kFixedString || type.kind == Hdf5Type::kVariableString) {
      return read_text_attribute(address, name, type, *shape, cursor, object);
    }
    return {};
  }

  Status read_number_attribute(std::string_view name, const Hdf5Type& type, const std::vector<int64_t>& shape,
                               Hdf5Cursor values, Hdf5Object& object) {
    const std::string key(name);
    Result<int64_t> elements = checked_elements(image_.source() + ": attribute '" + key + "'", shape, type.number);
    if (!elements) return elements.error();
    const Array array{type.number, shape, values.data(), owner_};
    values.skip(static_cast<uint64_t>(array.bytes()));
    if (values.failed())
      return make_error("%s: damaged HDF5 file: attribute '%s'", image_.source().c_str(), key.c_str());
    object.attributes.insert_or_assign(key, array);
    return {};
  }

  Status read_text_attribute(uint64_t address, std::string_view name, const Hdf5Type& type,
                             const std::vector<int64_t>& shape, Hdf5Cursor values, Hdf5Object& object) {
    if (shape.size() > 1 || type.size == 0) return {};
    const uint64_t count = shape.empty() ? 1 : static_cast<uint64_t>(shape[0]);
    if (count > values.left() / type.size) return image_.damaged("attribute", address);
    std::vector<std::string> texts;
    for (uint64_t i = 0; i < count; ++i) {
      Result<std::string_view> text = type.kind == Hdf5Type::kFixedString ? values.text(type.size) : heap_text(values);
      if (!text) return text.error();
      const std::string_view whole = text->substr(0, std::min(text->find('\0'), text->size()));
      if (!image_.afford(1 + whole.size())) return image_.damaged("attribute", address);
      texts.emplace_back(whole);
    }
    if (shape.empty()) {
      object.attributes.insert_or_assign(std::string(name), texts[0]);
    } else {
      object.attributes.insert_or_assign(std::string(name), std::move(texts));
    }
    return {};
  }

  // III.E. Text of variable length lies in a global heap collection.
  Result<std::string_view> heap_text(Hdf5Cursor& values) {
    const uint64_t length = values.u32(), address = values.u64(), index = values.u32();
    if (length == 0) return std::string_view();
    Hdf5Cursor start = image_.at(address), head = start;
    const bool signed_collection = head.signature("GCOL");
    head.skip(4);
    Hdf5Cursor collection = start.part(head.u64());
    collection.skip(16);
    if (!signed_collection || head.failed() || start.failed()) return image_.damaged("global heap", address);
    while (collection.left() >= 16 && image_.afford(1)) {
      const uint64_t object = collection.u16();
      collection.skip(6);
      const uint64_t bytes = collection.u64();
      if (object == 0) break;  // the free rest
      if (object == index) {
        const std::string_view text = collection.text(bytes);
        if (collection.failed() || length > text.size()) break;
        return text.substr(0, length);
      }
      if (bytes > collection.left()) break;
      collection.skip((bytes + 7) / 8 * 8);
    }
    return image_.damaged("global heap", address);
  }

  Hdf5Image image_;
  std::shared_ptr<const void> owner_;
  Hdf5Tree tree_;
  std::set<uint64_t> visited_;
};

}  // namespace

Result<Hdf5Tree> read_hdf5(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  return parse_hdf5(path, (*file)->data(), (*file)->size(), *file);
}

Result<Hdf5Tree> parse_hdf5(const std::string& source, const std::byte* data, int64_t size,
                            std::shared_ptr<const void> owner) {
  return Reader(source, data, size, std::move(owner)).read();
}

}  // namespace kcc::runtime
