#include "runtime/data/file_rows.h"

#include "runtime/files/open_file.h"

namespace kcc::runtime {
namespace {

class FileRows : public RowSource {
 public:
  FileRows(std::shared_ptr<const OpenFile> file, int64_t offset, const NpyHeader& layout, int64_t row_bytes)
      : file_(std::move(file)),
        offset_(offset),
        row_bytes_(row_bytes),
        size_(size_of(layout.type)),
        swapped_(layout.swapped) {}

  Status read(int64_t first, int64_t count, std::byte* out) override {
    Status status = file_->read_at(offset_ + first * row_bytes_, out, count * row_bytes_);
    if (status && swapped_) swap_bytes(out, count * row_bytes_, size_);
    return status;
  }

 private:
  const std::shared_ptr<const OpenFile> file_;
  const int64_t offset_, row_bytes_, size_;
  const bool swapped_;
};

}  // namespace

Result<Array> array_in_file(const std::shared_ptr<const MappedFile>& file, int64_t offset, const NpyHeader& layout,
                            int64_t largest_in_memory) {
  Array array{layout.type, layout.shape, nullptr, nullptr};
  if (array.bytes() <= largest_in_memory || layout.fortran) {
    return arrange_npy(file->path(), layout, file->data() + offset, file);
  }
  Result<std::shared_ptr<const OpenFile>> open = OpenFile::open(file->path());
  if (!open) return open.error();
  array.source =
      std::make_shared<FileRows>(std::move(*open), offset, layout, array.row_elements() * size_of(layout.type));
  return array;
}

}  // namespace kcc::runtime
