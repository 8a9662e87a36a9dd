#include "runtime/aligned_buffer.h"

#include <sys/mman.h>

#include <utility>

#include "runtime/format.h"

namespace kcc::runtime {
namespace {

constexpr int64_t kHugePage = int64_t{2} << 20;

}  // namespace

AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

AlignedBuffer& AlignedBuffer::operator=(AlignedBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

AlignedBuffer::~AlignedBuffer() {
  if (data_ != nullptr) munmap(data_, static_cast<size_t>(bytes_));
}

// Straight from the kernel: zeroed pages cost nothing until they are touched.
Result<AlignedBuffer> AlignedBuffer::allocate(int64_t bytes, const char* purpose) {
  AlignedBuffer buffer;
  if (bytes <= 0) return buffer;
  const size_t size = static_cast<size_t>(bytes);
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return make_error("out of memory: %s for %s", memory_size(bytes).c_str(), purpose);
  if (bytes >= 2 * kHugePage) madvise(data, size, MADV_HUGEPAGE);  // only advice: where it fails, pages are small
  buffer.data_ = static_cast<char*>(data);
  buffer.bytes_ = bytes;
  return buffer;
}

}  // namespace kcc::runtime
