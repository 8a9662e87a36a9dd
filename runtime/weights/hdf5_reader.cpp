#include "runtime/weights/hdf5_reader.h"

#include <algorithm>
#include <set>

#include "runtime/files/mapped_file.h"
#include "runtime/weights/hdf5_dataset.h"
#include "runtime/weights/hdf5_groups.h"

namespace kcc::runtime {
namespace {

constexpr int kMaxDepth = 64;

class Reader {
 public:
  Reader(const std::string& source, const std::byte* data, int64_t size, std::shared_ptr<const void> owner)
      : image_(source, data, size, "which Keras does not write; load the file with Keras and save it again"),
        owner_(std::move(owner)) {}

  Result<Hdf5Tree> read() {
    Result<uint64_t> root = read_hdf5_superblock(image_);
    if (!root) return root.error();
    if (Status status = read_object(*root, "", 0); !status) return status.error();
    return std::move(tree_);
  }

 private:
  Status read_object(uint64_t address, const std::string& path, int depth) {
    if (depth > kMaxDepth) return image_.damaged("group: too deep", address);
    if (!visited_.insert(address).second) return image_.unsupported(path, "a second name of the same object");
    Result<std::vector<Hdf5Message>> header = read_hdf5_header(image_, address);
    if (!header) return header.error();
    const std::vector<Hdf5Message>& messages = *header;

    Hdf5Object& object = tree_[path];
    if (Status status = read_attributes(path, address, messages, object); !status) return status;
    if (find_message(messages, Hdf5MessageType::kLayout)) return read_dataset(path, address, messages, object);
    return read_group(path, address, messages, depth);
  }

  Status read_group(const std::string& path, uint64_t address, const std::vector<Hdf5Message>& messages, int depth) {
    Result<std::vector<Hdf5Link>> links = read_hdf5_group(image_, path, address, messages);
    if (!links) return links.error();
    for (const Hdf5Link& link : *links) {
      const std::string child = path.empty() ? std::string(link.name) : path + "/" + std::string(link.name);
      if (Status status = read_object(link.object, child, depth + 1); !status) return status;
    }
    return {};
  }

  Status read_dataset(const std::string& path, uint64_t address, const std::vector<Hdf5Message>& messages,
                      Hdf5Object& object) {
    Result<Hdf5Dataset> dataset = read_hdf5_dataset(image_, path, address, messages);
    if (!dataset) return dataset.error();
    if (dataset->filters) return image_.unsupported(path, "compressed values");
    if (dataset->storage == Hdf5Dataset::Storage::kChunks) return image_.unsupported(path, "values in chunks");
    Hdf5Type& type = dataset->type;
    if (type.kind == Hdf5Type::kOpaque && type.size == 2 && is_bfloat16(object)) {
      type = Hdf5Type{Hdf5Type::kNumber, DType::kBF16, 2, {}};
    }
    if (type.kind != Hdf5Type::kNumber) {
      return image_.unsupported(path, type.seen.empty() ? "text or raw bytes" : type.seen);
    }
    Result<int64_t> elements = checked_elements(image_.source() + ": '/" + path + "'", dataset->shape, type.number);
    if (!elements) return elements.error();
    object.dataset = Array{type.number, dataset->shape, nullptr, owner_};
    Result<Hdf5Cursor> values = find_hdf5_values(image_, path, address, *dataset, object.dataset->bytes());
    if (!values) return values.error();
    object.dataset->data = values->data();
    return {};
  }

  // How H5IOStore marks the two raw bytes of its bfloat16.
  static bool is_bfloat16(const Hdf5Object& object) {
    const auto mark = object.attributes.find("dtype");
    if (mark == object.attributes.end()) return false;
    const std::string* name = std::get_if<std::string>(&mark->second);
    return name && *name == "bfloat16";
  }

  Status read_attributes(const std::string& path, uint64_t address, const std::vector<Hdf5Message>& messages,
                         Hdf5Object& object) {
    if (const Hdf5Message* info = find_message(messages, Hdf5MessageType::kAttributeInfo)) {
      Hdf5Cursor body = info->body;
      body.skip(1);
      if (body.u8() & 1) body.skip(2);
      if (body.u64() != kHdf5Undefined) return image_.unsupported(path, "attributes in HDF5's new dense storage");
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
