#include "runtime/data/hdf5_chunk_index.h"

#include <algorithm>

#include "runtime/weights/hdf5_groups.h"

namespace kcc::runtime {
namespace {

constexpr int kMaxLevels = 64;

class IndexReader {
 public:
  IndexReader(Hdf5Image& image, const std::string& path, uint64_t address, const Hdf5Dataset& dataset)
      : image_(image), path_(path), address_(address), dataset_(dataset), layout_(dataset.layout) {}

  Result<Hdf5ChunkIndex> read() {
    const Status status = dataset_.layout_version == 3 ? read_version_3() : read_version_4();
    if (!status) return status.error();
    const auto less = [](const Hdf5Chunk& a, const Hdf5Chunk& b) { return a.number < b.number; };
    std::sort(index_.chunks.begin(), index_.chunks.end(), less);
    return std::move(index_);
  }

 private:
  Error damaged() const { return image_.damaged("chunk index", address_); }

  // IV.A.2.i. The last extent is the element's size.
  Status read_version_3() {
    const uint64_t rank = layout_.u8();
    const uint64_t tree = layout_.u64();
    if (Status status = read_extents(rank, 4); !status) return status;
    return tree == kHdf5Undefined ? Status() : read_tree(tree, 0);
  }

  Status read_version_4() {
    const uint64_t flags = layout_.u8(), rank = layout_.u8(), width = layout_.u8();
    if (width < 1 || width > 8) return damaged();
    if (Status status = read_extents(rank, width); !status) return status;
    index_.whole_edges_only = flags & 1;
    switch (layout_.u8()) {
      case 1:
        return read_single(flags & 2);
      case 2:
        return read_implicit();
      case 3:
        return read_fixed_array();
      default:
        return image_.unsupported(path_, "a resizable dataset in the newest file format");
    }
  }

  Status read_extents(uint64_t rank, uint64_t width) {
    if (dataset_.shape.empty() || rank != dataset_.shape.size() + 1) return damaged();
    constexpr uint64_t kLargest = uint64_t{1} << 32;  // HDF5's own limit of bytes
    index_.bytes = static_cast<int64_t>(dataset_.type.size);
    for (int64_t extent : dataset_.shape) {
      const uint64_t chunk = layout_.number(width);
      if (chunk == 0 || chunk > kLargest) return damaged();
      index_.extents.push_back(static_cast<int64_t>(chunk));
      index_.grid.push_back((extent - 1) / static_cast<int64_t>(chunk) + 1);
      if (__builtin_mul_overflow(index_.bytes, static_cast<int64_t>(chunk), &index_.bytes) ||
          static_cast<uint64_t>(index_.bytes) > kLargest) {
        return damaged();
      }
    }
    if (layout_.number(width) != dataset_.type.size || layout_.failed()) return damaged();
    return {};
  }

  int64_t grid_chunks() const {
    int64_t count = 1;
    for (int64_t extent : index_.grid) count *= extent;
    return count;
  }

  // Stored bytes must be in the file. A packed chunk is at least a thousandth of itself: more would be a bomb.
  Status add(const Hdf5Chunk& chunk) {
    constexpr uint64_t kDeflateAtMost = 1040, kSmall = 1 << 20;
    Hdf5Cursor stored = image_.at(chunk.address);
    stored.skip(chunk.stored_bytes);
    const uint64_t bytes = static_cast<uint64_t>(index_.bytes);
    const bool believable = dataset_.filters ? bytes <= kSmall || bytes / kDeflateAtMost <= chunk.stored_bytes
                                             : bytes == chunk.stored_bytes;
    if (stored.failed() || !believable || !image_.afford(1)) return damaged();
    index_.chunks.push_back(chunk);
    return {};
  }

  // III.A.1. A version-1 B-tree of chunks; keys have the place of a chunk's first element.
  Status read_tree(uint64_t address, int level_from_root) {
    Hdf5Cursor cursor = image_.at(address);
    const bool signed_node = cursor.signature("TREE");
    const uint64_t type = cursor.u8(), level = cursor.u8(), entries = cursor.u16();
    cursor.skip(16);  // siblings
    if (!signed_node || type != 1 || level_from_root > kMaxLevels || !image_.afford(1)) return damaged();
    for (uint64_t i = 0; i < entries; ++i) {
      Hdf5Chunk chunk{0, 0, cursor.u32(), cursor.u32()};
      for (size_t axis = 0; axis < index_.grid.size(); ++axis) {
        const uint64_t place = cursor.u64() / static_cast<uint64_t>(index_.extents[axis]);
        if (place >= static_cast<uint64_t>(index_.grid[axis]) && level == 0) return damaged();
        chunk.number = chunk.number * static_cast<uint64_t>(index_.grid[axis]) + place;
      }
      cursor.skip(8);
      chunk.address = cursor.u64();
      if (cursor.failed()) return damaged();
      Status status = level > 0 ? read_tree(chunk.address, level_from_root + 1) : add(chunk);
      if (!status) return status;
    }
    return {};
  }

  Status read_single(bool filtered) {
    Hdf5Chunk chunk{0, 0, static_cast<uint64_t>(index_.bytes), 0};
    if (filtered) {
      chunk.stored_bytes = layout_.u64();
      chunk.skipped = layout_.u32();
    }
    chunk.address = layout_.u64();
    if (layout_.failed() || grid_chunks() != 1) return damaged();
    return chunk.address == kHdf5Undefined ? Status() : add(chunk);
  }

  // All chunks, one after the other, never filtered.
  Status read_implicit() {
    const uint64_t first = layout_.u64(), bytes = static_cast<uint64_t>(index_.bytes);
    if (layout_.failed() || dataset_.filters) return damaged();
    if (first == kHdf5Undefined) return {};
    for (uint64_t number = 0; number < static_cast<uint64_t>(grid_chunks()); ++number) {
      if (Status status = add({number, first + number * bytes, bytes, 0}); !status) return status;
    }
    return {};
  }

  // VII.C. A table of all chunks, in one block or in pages.
  Status read_fixed_array() {
    layout_.skip(1);
    const uint64_t place = layout_.u64();
    if (layout_.failed()) return damaged();
    if (place == kHdf5Undefined) return {};
    Hdf5Cursor header = image_.at(place);
    const bool signed_header = header.signature("FAHD");
    header.skip(2);  // version, client
    const uint64_t entry_bytes = header.u8(), page_bits = header.u8(), count = header.u64(), block = header.u64();
    if (!signed_header || header.failed() || entry_bytes < 8 || entry_bytes > 20 || page_bits > 32 ||
        count != static_cast<uint64_t>(grid_chunks())) {
      return damaged();
    }
    if (block == kHdf5Undefined) return {};
    Hdf5Cursor entries = image_.at(block);
    const bool signed_block = entries.signature("FADB");
    entries.skip(2 + 8);  // version, client, the header's address
    if (!signed_block || entries.failed()) return damaged();
    const uint64_t page = uint64_t{1} << page_bits;
    return count <= page ? read_entries(entries, entry_bytes, 0, count) : read_pages(entries, entry_bytes, count, page);
  }

  Status read_pages(Hdf5Cursor entries, uint64_t entry_bytes, uint64_t count, uint64_t page) {
    const uint64_t pages = (count - 1) / page + 1;
    Hdf5Cursor bits = entries.part((pages + 7) / 8);
    entries.skip(4);  // checksum
    uint64_t used = 0;
    for (uint64_t i = 0; i < pages; ++i) {
      if (i % 8 == 0) used = bits.u8();
      const uint64_t inside = std::min(page, count - i * page);
      Hdf5Cursor table = entries.part(inside * entry_bytes);
      entries.skip(4);
      if (entries.failed() || bits.failed()) return damaged();
      if (!(used & 0x80 >> i % 8)) continue;  // no chunk of this page has a place
      if (Status status = read_entries(table, entry_bytes, i * page, inside); !status) return status;
    }
    return {};
  }

  Status read_entries(Hdf5Cursor entries, uint64_t entry_bytes, uint64_t first, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      Hdf5Chunk chunk{first + i, entries.u64(), static_cast<uint64_t>(index_.bytes), 0};
      if (entry_bytes > 12) {
        chunk.stored_bytes = entries.number(entry_bytes - 12);
        chunk.skipped = entries.u32();
      }
      if (entries.failed()) return damaged();
      if (chunk.address == kHdf5Undefined) continue;
      if (Status status = add(chunk); !status) return status;
    }
    return {};
  }

  Hdf5Image& image_;
  const std::string& path_;
  const uint64_t address_;
  const Hdf5Dataset& dataset_;
  Hdf5Cursor layout_;
  Hdf5ChunkIndex index_;
};

}  // namespace

Result<Hdf5ChunkIndex> read_hdf5_chunk_index(Hdf5Image& image, const std::string& path, uint64_t address,
                                             const Hdf5Dataset& dataset) {
  return IndexReader(image, path, address, dataset).read();
}

}  // namespace kcc::runtime
