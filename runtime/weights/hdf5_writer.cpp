#include "runtime/weights/hdf5_writer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "runtime/files/atomic_file.h"
#include "runtime/weights/hdf5_encode.h"

namespace kcc::runtime {
namespace {

constexpr uint64_t kUndefined = ~uint64_t{0};  // HDF5's "no address"
constexpr uint64_t kSuperblockBytes = 96;
// HDF5's defaults: a symbol table node has room for 2 * 4 names, a tree node for 2 * 16 children.
constexpr uint64_t kLeafK = 4, kTreeK = 16;
constexpr uint64_t kMaxMessage = 65528;
constexpr uint64_t kMaxTexts = 65535;

// An object header of version 1: messages padded to 8 bytes.
class Header {
 public:
  // Where the message's body begins, from the header's begin.
  uint64_t add(uint64_t type, Hdf5Bytes body) {
    body.pad8();
    messages_.u16(type).u16(body.size()).u8(0).zeros(3);
    const uint64_t begin = 16 + messages_.size();
    messages_.text(body.bytes());
    ++count_;
    return begin;
  }
  Hdf5Bytes finish() const {
    Hdf5Bytes header;
    header.u8(1).u8(0).u16(count_).u32(1).u32(messages_.size()).zeros(4).text(messages_.bytes());
    return header;
  }

 private:
  Hdf5Bytes messages_;
  uint64_t count_ = 0;
};

// A child of a tree node: the largest name below it, as an offset into the group's heap, and its address.
struct Branch {
  uint64_t last_name, address;
};

struct Values {
  const Array* array;
  uint64_t address_field;  // in the metadata
};

// Metadata first (superblock, text, then every group after its children), then all values: their addresses are known
// once the metadata is complete.
class Writer {
 public:
  Writer(const std::string& path, const Hdf5Tree& tree) : path_(path), tree_(tree) {}

  // The metadata, and behind it the values in this order.
  Status run() {
    note_children();
    meta_.zeros(kSuperblockBytes);
    if (Status status = put_texts(); !status) return status;
    Result<uint64_t> root = put_object("");
    if (!root) return root.error();
    meta_.pad8();
    end_ = place_values();
    meta_.patch(0, superblock(*root, end_));
    return {};
  }

  std::string take_metadata() { return meta_.take(); }
  std::vector<Array> values() const {
    std::vector<Array> arrays;
    for (const Values& values : values_) arrays.push_back(*values.array);
    return arrays;
  }
  int64_t size() const { return static_cast<int64_t>(end_); }

 private:
  void note_children() {
    for (const auto& [path, object] : tree_) {
      for (std::string child = path; !child.empty();) {
        const size_t slash = child.rfind('/');
        const std::string parent = slash == child.npos ? "" : child.substr(0, slash);
        if (!children_[parent].insert(child.substr(slash + 1)).second) break;  // npos + 1 is 0
        child = parent;
      }
    }
  }

  // One global heap collection with every single text, in the order of the tree.
  Status put_texts() {
    Hdf5Bytes texts;
    for (const auto& [path, object] : tree_) {
      for (const auto& [name, attribute] : object.attributes) {
        const std::string* text = std::get_if<std::string>(&attribute);
        if (!text || text->empty()) continue;
        const uint64_t index = text_index_.size() + 1;
        text_index_[text] = index;
        texts.u16(index).zeros(6).u64(text->size()).text(*text).pad8();
      }
    }
    if (text_index_.empty()) return {};
    if (text_index_.size() > kMaxTexts) return make_error("%s: more text attributes than HDF5 takes", path_.c_str());
    const uint64_t used = 16 + texts.size();
    const uint64_t bytes = std::max<uint64_t>(4096, used + 16);  // HDF5 takes no smaller collection
    texts_at_ = meta_.size();
    meta_.text("GCOL").u8(1).zeros(3).u64(bytes).text(texts.bytes());
    meta_.zeros(8).u64(bytes - used).zeros(bytes - used - 16);  // object 0: the free rest
    return {};
  }

  // The address of the object's header, as of all put_ functions: they append to the metadata.
  Result<uint64_t> put_object(const std::string& path) {
    const auto found = tree_.find(path);
    const Hdf5Object none;
    const Hdf5Object& object = found == tree_.end() ? none : found->second;
    if (!object.dataset) return put_group(path, object);
    if (!children_.count(path)) return put_dataset(path, object);
    return make_error("%s: '/%s' would be both a group and a dataset", path_.c_str(), path.c_str());
  }

  Result<uint64_t> put_dataset(const std::string& path, const Hdf5Object& object) {
    const Array& array = *object.dataset;
    const std::optional<Hdf5Bytes> type = encode_hdf5_type(array.type);
    if (!type) return make_error("%s: '/%s': HDF5 has no %s", path_.c_str(), path.c_str(), name_of(array.type));
    Header header;
    header.add(0x01, encode_hdf5_space(array.shape));
    header.add(0x03, *type);
    header.add(0x05, Hdf5Bytes().u8(2).u8(2).u8(2).u8(0));  // fill value: h5py's choice of when, and none
    const uint64_t bytes = static_cast<uint64_t>(array.bytes());
    const uint64_t layout = header.add(0x08, Hdf5Bytes().u8(3).u8(1).u64(kUndefined).u64(bytes));
    if (Status status = add_attributes(path, object, header); !status) return status.error();
    const uint64_t address = put_header(header);
    if (bytes > 0) values_.push_back({&array, address + layout + 2});
    return address;
  }

  Status add_attributes(const std::string& path, const Hdf5Object& object, Header& header) {
    for (const auto& [name, attribute] : object.attributes) {
      Hdf5TextPlace place;
      const auto text = text_index_.find(std::get_if<std::string>(&attribute));
      if (text != text_index_.end()) place = {texts_at_, text->second};
      const std::optional<Hdf5Bytes> message = encode_hdf5_attribute(name, attribute, place);
      if (!message || message->size() > kMaxMessage) {
        return make_error("%s: '/%s': HDF5 takes no attribute '%s' of this type and size", path_.c_str(), path.c_str(),
                          name.c_str());
      }
      header.add(0x0c, *message);
    }
    return {};
  }

  uint64_t put_header(const Header& header) { return put(header.finish()); }

  uint64_t put(const Hdf5Bytes& bytes) {
    const uint64_t address = meta_.size();
    meta_.text(bytes.bytes());
    return address;
  }

  Result<uint64_t> put_group(const std::string& path, const Hdf5Object& object) {
    Hdf5Bytes names;
    names.zeros(8);  // the empty name, which is every tree's first key
    std::vector<Branch> entries;
    for (const std::string& name : children_[path]) {
      Result<uint64_t> child = put_object(path.empty() ? name : path + "/" + name);
      if (!child) return child.error();
      entries.push_back({names.size(), *child});
      names.text(name).u8(0).pad8();
    }
    const uint64_t tree = put_tree(put_symbol_nodes(entries));
    const uint64_t heap = put_local_heap(names);
    Header header;
    header.add(0x11, Hdf5Bytes().u64(tree).u64(heap));
    if (path.empty()) root_tree_ = tree, root_heap_ = heap;
    if (Status status = add_attributes(path, object, header); !status) return status.error();
    return put_header(header);
  }

  uint64_t put_local_heap(const Hdf5Bytes& names) {
    constexpr uint64_t kHeader = 32, kNoFreeBlock = 1;
    Hdf5Bytes heap;
    heap.text("HEAP").u8(0).zeros(3).u64(names.size()).u64(kNoFreeBlock).u64(meta_.size() + kHeader);
    return put(heap.text(names.bytes()));
  }

  std::vector<Branch> put_symbol_nodes(const std::vector<Branch>& entries) {
    std::vector<Branch> nodes;
    for (size_t first = 0; first < entries.size(); first += 2 * kLeafK) {
      const size_t end = std::min<size_t>(first + 2 * kLeafK, entries.size());
      Hdf5Bytes node;
      node.text("SNOD").u8(1).u8(0).u16(end - first);
      for (size_t i = first; i < end; ++i) node.u64(entries[i].last_name).u64(entries[i].address).zeros(24);
      node.zeros(8 + 2 * kLeafK * 40 - node.size());
      nodes.push_back({entries[end - 1].last_name, put(node)});
    }
    return nodes;
  }

  // Levels of nodes until one is left; an empty group has one without children.
  uint64_t put_tree(std::vector<Branch> branches) {
    for (uint64_t level = 0;; ++level) {
      branches = put_tree_level(branches, level);
      if (branches.size() == 1) return branches[0].address;
    }
  }

  std::vector<Branch> put_tree_level(const std::vector<Branch>& branches, uint64_t level) {
    constexpr uint64_t kNodeBytes = 24 + (4 * kTreeK + 1) * 8;
    const size_t count = std::max<size_t>(1, (branches.size() + 2 * kTreeK - 1) / (2 * kTreeK));
    std::vector<Branch> nodes;
    uint64_t last_name = 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t first = i * 2 * kTreeK, end = std::min<size_t>(first + 2 * kTreeK, branches.size());
      const uint64_t left = i == 0 ? kUndefined : nodes.back().address;
      const uint64_t right = i + 1 == count ? kUndefined : meta_.size() + kNodeBytes;
      Hdf5Bytes node;
      node.text("TREE").u8(0).u8(level).u16(end - first).u64(left).u64(right).u64(last_name);
      for (size_t child = first; child < end; ++child) {
        last_name = branches[child].last_name;
        node.u64(branches[child].address).u64(last_name);
      }
      node.zeros(kNodeBytes - node.size());
      nodes.push_back({last_name, put(node)});
    }
    return nodes;
  }

  // Fills in where each dataset's values will be; the end of the file.
  uint64_t place_values() {
    uint64_t end = meta_.size();
    for (const Values& values : values_) {
      meta_.patch(values.address_field, Hdf5Bytes().u64(end));
      end += (static_cast<uint64_t>(values.array->bytes()) + 7) / 8 * 8;
    }
    return end;
  }

  Hdf5Bytes superblock(uint64_t root, uint64_t end) const {
    Hdf5Bytes block;
    block.text("\x89HDF\r\n\x1a\n").zeros(5).u8(8).u8(8).u8(0);  // versions; bytes of addresses and of lengths
    block.u16(kLeafK).u16(kTreeK).u32(0).u64(0).u64(kUndefined).u64(end).u64(kUndefined);
    block.u64(0).u64(root).u32(1).u32(0).u64(root_tree_).u64(root_heap_);  // the root's symbol table entry
    return block;
  }

  const std::string& path_;
  const Hdf5Tree& tree_;
  std::map<std::string, std::set<std::string>> children_;  // names in a group, in the order that its tree needs
  std::map<const std::string*, uint64_t> text_index_;      // looked up only, never walked
  uint64_t texts_at_ = 0, root_tree_ = 0, root_heap_ = 0, end_ = 0;
  Hdf5Bytes meta_;
  std::vector<Values> values_;
};

}  // namespace

Result<Hdf5File> Hdf5File::lay_out(const std::string& path, const Hdf5Tree& tree) {
  Writer writer(path, tree);
  if (Status status = writer.run(); !status) return status.error();
  Hdf5File file;
  file.metadata_ = writer.take_metadata();
  file.values_ = writer.values();
  file.size_ = writer.size();
  return file;
}

Status Hdf5File::write(const ByteSink& sink) const {
  Status status = sink(metadata_.data(), static_cast<int64_t>(metadata_.size()));
  for (size_t i = 0; status && i < values_.size(); ++i) {
    const int64_t bytes = values_[i].bytes();
    status = sink(values_[i].data, bytes);
    if (status && bytes % 8 != 0) status = sink("\0\0\0\0\0\0\0", 8 - bytes % 8);
  }
  return status;
}

Status write_hdf5(const std::string& path, const Hdf5Tree& tree) {
  const Result<Hdf5File> laid_out = Hdf5File::lay_out(path, tree);
  if (!laid_out) return laid_out.error();
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  const Status status = laid_out->write([&](const void* data, int64_t bytes) { return file->write(data, bytes); });
  return status ? file->commit() : status;
}

}  // namespace kcc::runtime
