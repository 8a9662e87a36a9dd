#include "runtime/context.h"

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "runtime/bench/call_times.h"
#include "runtime/distributed/rank_sums.h"

namespace kcc::runtime {
namespace {

constexpr size_t kAlignment = 64;
constexpr int kClasses = 40;  // blocks of 64 << c bytes
constexpr int kKept = 64;     // free blocks kept of a class; more go back to malloc

int class_of(size_t bytes) {
  return bytes <= kAlignment ? 0 : std::bit_width((bytes - 1) / kAlignment);
}

// Before every block, so that release() knows where it belongs; keeps the block aligned.
struct alignas(kAlignment) Header {
  int size_class;
};

}  // namespace

// Free blocks by size. A slot is taken and filled by one atomic exchange, so threads never wait for each other.
struct Context::Blocks {
  std::atomic<Header*> free[kClasses][kKept] = {};
};

Context::Context(ThreadPool* pool) : pool_(pool), blocks_(new Blocks) {}

Context::~Context() {
  for (auto& slots : blocks_->free) {
    for (std::atomic<Header*>& slot : slots) std::free(slot.load());
  }
  delete blocks_;
}

void Context::sum_over_ranks(int32_t bucket, const Summand* summands, int32_t count) {
  sums_->start(bucket, summands, count);
}

void Context::await_sums(int32_t bucket) {
  sums_->await(bucket);
}

void Context::begin_call(int32_t) {
  if (times_ != nullptr) times_->begin();
}

void Context::end_call(int32_t call) {
  if (times_ != nullptr) times_->end(call);
}

void* Context::allocate(size_t bytes) {
  const int size_class = class_of(bytes);
  if (size_class >= kClasses) return nullptr;
  for (std::atomic<Header*>& slot : blocks_->free[size_class]) {
    if (slot.load(std::memory_order_relaxed) == nullptr) continue;
    if (Header* block = slot.exchange(nullptr, std::memory_order_acquire)) return block + 1;
  }
  void* memory = std::aligned_alloc(kAlignment, sizeof(Header) + (kAlignment << size_class));
  return memory == nullptr ? nullptr : new (memory) Header{size_class} + 1;
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
  std::free(header);
}

}  // namespace kcc::runtime
