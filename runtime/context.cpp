#include "runtime/context.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "runtime/scratch.h"

namespace kcc::runtime {
namespace {

constexpr size_t kAlignment = 64;
constexpr int kKept = 64;  // free blocks kept of a class; more go back to malloc

// Before every block, so that release() knows where it belongs; keeps the block aligned.
struct alignas(kAlignment) Header {
  int size_class;
  bool borrowed;  // the memory is somebody else's
};

size_t block_bytes(int size_class) {
  return sizeof(Header) + (kAlignment << size_class);
}

void give_back(Header* block) {
  if (block != nullptr && !block->borrowed) std::free(block);
}

}  // namespace

// Free blocks by size. A slot is taken and filled by one atomic exchange, so threads never wait for each other.
struct Context::Blocks {
  std::atomic<Header*> free[kScratchClasses][kKept] = {};
  int32_t reserved[kScratchClasses] = {};

  void* take(int size_class) {
    for (std::atomic<Header*>& slot : free[size_class]) {
      if (slot.load(std::memory_order_relaxed) == nullptr) continue;
      if (Header* block = slot.exchange(nullptr, std::memory_order_acquire)) return block + 1;
    }
    return nullptr;
  }
};

Context::Context(ThreadPool* pool) : pool_(pool), blocks_(new Blocks) {}

Context::~Context() {
  for (auto& slots : blocks_->free) {
    for (std::atomic<Header*>& slot : slots) give_back(slot.load());
  }
  delete blocks_;
}

bool Context::reserve(const ScratchNeed& need, char* memory) {
  const bool borrowed = memory != nullptr;
  for (int size_class = 0; size_class < kScratchClasses; ++size_class) {
    for (int32_t& made = blocks_->reserved[size_class]; made < need.blocks[size_class]; ++made) {
      const size_t bytes = block_bytes(size_class);
      void* block = borrowed ? memory : std::aligned_alloc(kAlignment, bytes);
      if (block == nullptr) return false;
      release(new (block) Header{size_class, borrowed} + 1);
      if (borrowed) memory += bytes;
    }
  }
  return true;
}

void* Context::allocate(size_t bytes) {
  const int size_class = scratch_class(bytes);
  if (size_class >= kScratchClasses) return nullptr;
  if (void* block = blocks_->take(size_class)) return block;
  // What was reserved for a larger batch serves a smaller one.
  for (int larger = size_class + 1; larger < kScratchClasses; ++larger) {
    if (blocks_->reserved[larger] == 0) continue;
    if (void* block = blocks_->take(larger)) return block;
  }
  void* memory = std::aligned_alloc(kAlignment, block_bytes(size_class));
  return memory == nullptr ? nullptr : new (memory) Header{size_class, false} + 1;
}

void Context::release(void* block) {
  if (block == nullptr) return;
  Header* header = static_cast<Header*>(block) - 1;
  for (std::atomic<Header*>& slot : blocks_->free[header->size_class]) {
    Header* empty = nullptr;
    if (slot.load(std::memory_order_relaxed) == nullptr &&
        slot.compare_exchange_strong(empty, header, std::memory_order_release, std::memory_order_relaxed)) {
      return;
    }
  }
  give_back(header);
}

}  // namespace kcc::runtime
