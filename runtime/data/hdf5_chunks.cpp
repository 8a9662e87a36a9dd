#include "runtime/data/hdf5_chunks.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>

#include "runtime/data/hdf5_chunk_index.h"
#include "runtime/data/hdf5_filters.h"
#include "runtime/files/open_file.h"

namespace kcc::runtime {
namespace {

using Bytes = std::vector<std::byte>;

// Unpacked chunks are kept up to so many bytes, the oldest making room for the newest.
constexpr int64_t kCacheBytes = 64 << 20;

class ChunkRows : public RowSource {
 public:
  ChunkRows(std::shared_ptr<const OpenFile> file, std::string name, const Hdf5Dataset& dataset, Hdf5ChunkIndex index,
            std::vector<Hdf5Filter> filters, Bytes fill)
      : file_(std::move(file)),
        name_(std::move(name)),
        shape_(dataset.shape),
        element_(static_cast<int64_t>(dataset.type.size)),
        index_(std::move(index)),
        filters_(std::move(filters)),
        fill_(std::move(fill)) {}

  Status read(int64_t first, int64_t count, std::byte* out) override {
    const std::lock_guard lock(mutex_);
    const int64_t across = chunks_across();
    for (int64_t band = first / index_.extents[0]; band * index_.extents[0] < first + count; ++band) {
      for (int64_t column = 0; column < across; ++column) {
        Result<const Bytes*> chunk = unpack(band * across + column);
        if (!chunk) return chunk.error();
        copy_box(**chunk, band, column, first, count, out);
      }
    }
    return {};
  }

 private:
  // Chunks side by side that hold the same rows.
  int64_t chunks_across() const {
    int64_t count = 1;
    for (size_t axis = 1; axis < index_.grid.size(); ++axis) count *= index_.grid[axis];
    return count;
  }

  // What a chunk shares with rows first .. first + count, line by line of the last axis.
  void copy_box(const Bytes& chunk, int64_t band, int64_t column, int64_t first, int64_t count, std::byte* out) const {
    const size_t rank = shape_.size();
    std::vector<int64_t> origin(rank), begin(rank), end(rank);
    for (size_t axis = rank; axis-- > 1; column /= index_.grid[axis])
      origin[axis] = column % index_.grid[axis] * index_.extents[axis];
    origin[0] = band * index_.extents[0];
    for (size_t axis = 0; axis < rank; ++axis) {
      begin[axis] = std::max(origin[axis], axis == 0 ? first : 0);
      end[axis] = std::min(origin[axis] + index_.extents[axis], axis == 0 ? first + count : shape_[axis]);
    }
    const size_t line = static_cast<size_t>((end[rank - 1] - begin[rank - 1]) * element_);
    for (std::vector<int64_t> place = begin; place[0] < end[0];) {
      int64_t from = 0, to = 0;
      for (size_t axis = 0; axis < rank; ++axis) {
        from = from * index_.extents[axis] + place[axis] - origin[axis];
        to = to * shape_[axis] + place[axis] - (axis == 0 ? first : 0);
      }
      std::memcpy(out + to * element_, chunk.data() + from * element_, line);
      if (rank == 1) return;
      size_t axis = rank - 2;
      for (++place[axis]; axis > 0 && place[axis] == end[axis]; ++place[--axis]) place[axis] = begin[axis];
    }
  }

  Result<const Bytes*> unpack(int64_t number) {
    const auto kept = cache_.find(number);
    if (kept != cache_.end()) return &kept->second;
    Result<Bytes> values = read_chunk(number);
    if (!values) return values.error();
    while (!oldest_.empty() && static_cast<int64_t>(cache_.size() + 1) * index_.bytes > kCacheBytes) {
      cache_.erase(oldest_.front());
      oldest_.pop_front();
    }
    oldest_.push_back(number);
    return &cache_.emplace(number, std::move(*values)).first->second;
  }

  Result<Bytes> read_chunk(int64_t number) const {
    const auto before = [](const Hdf5Chunk& chunk, uint64_t wanted) { return chunk.number < wanted; };
    const auto found =
        std::lower_bound(index_.chunks.begin(), index_.chunks.end(), static_cast<uint64_t>(number), before);
    Bytes values(static_cast<size_t>(index_.bytes));
    if (found == index_.chunks.end() || found->number != static_cast<uint64_t>(number)) {
      for (size_t at = 0; at < values.size(); at += fill_.size()) std::copy(fill_.begin(), fill_.end(), &values[at]);
      return values;
    }
    Bytes stored(static_cast<size_t>(found->stored_bytes));
    const Status status =
        file_->read_at(static_cast<int64_t>(found->address), stored.data(), static_cast<int64_t>(stored.size()));
    if (!status) return status.error();
    const bool plain = index_.whole_edges_only && is_cut(number);
    static const std::vector<Hdf5Filter> kNone;
    if (undo_hdf5_filters(plain ? kNone : filters_, found->skipped, element_, std::move(stored), index_.bytes, values))
      return values;
    return make_error("%s: damaged HDF5 file: the chunk at byte %llu cannot be unpacked", name_.c_str(),
                      static_cast<unsigned long long>(found->address));
  }

  // Whether a chunk reaches beyond the shape.
  bool is_cut(int64_t number) const {
    for (size_t axis = shape_.size(); axis-- > 0; number /= index_.grid[axis]) {
      if ((number % index_.grid[axis] + 1) * index_.extents[axis] > shape_[axis]) return true;
    }
    return false;
  }

  const std::shared_ptr<const OpenFile> file_;
  const std::string name_;
  const std::vector<int64_t> shape_;
  const int64_t element_;
  const Hdf5ChunkIndex index_;
  const std::vector<Hdf5Filter> filters_;
  const Bytes fill_;
  std::mutex mutex_;
  std::map<int64_t, Bytes> cache_;
  std::deque<int64_t> oldest_;  // of the cache
};

// IV.A.2.f. What elements are that were never written; zeros where the header does not say.
Bytes fill_value(const std::vector<Hdf5Message>& messages, uint64_t element) {
  Bytes fill(element);
  const Hdf5Message* message = find_message(messages, Hdf5MessageType::kFillValue);
  if (!message || message->shared) return fill;
  Hdf5Cursor body = message->body;
  const uint64_t version = body.u8();
  bool defined = true;
  if (version < 3) {
    body.skip(2);  // when room is made and when it is filled
    defined = body.u8() != 0;
  } else {
    defined = body.u8() & 0x20;
  }
  const Hdf5Cursor value = defined ? body.part(body.u32()) : Hdf5Cursor();
  if (!body.failed() && value.left() == element) std::memcpy(fill.data(), value.data(), element);
  return fill;
}

}  // namespace

Result<std::shared_ptr<RowSource>> open_hdf5_chunks(Hdf5Image& image, const std::string& path, uint64_t address,
                                                    const std::vector<Hdf5Message>& messages,
                                                    const Hdf5Dataset& dataset) {
  std::vector<Hdf5Filter> filters;
  if (const Hdf5Message* message = find_message(messages, Hdf5MessageType::kFilters)) {
    Result<std::vector<Hdf5Filter>> parsed = parse_hdf5_filters(image, path, message->body);
    if (!parsed) return parsed.error();
    filters = std::move(*parsed);
  }
  Result<Hdf5ChunkIndex> index = read_hdf5_chunk_index(image, path, address, dataset);
  if (!index) return index.error();
  Result<std::shared_ptr<const OpenFile>> file = OpenFile::open(image.source());
  if (!file) return file.error();
  return std::shared_ptr<RowSource>(std::make_shared<ChunkRows>(std::move(*file), image.source() + ": '/" + path + "'",
                                                                dataset, std::move(*index), std::move(filters),
                                                                fill_value(messages, dataset.type.size)));
}

}  // namespace kcc::runtime
