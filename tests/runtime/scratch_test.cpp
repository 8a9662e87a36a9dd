#include "runtime/scratch.h"

#include <gtest/gtest.h>

#include <vector>

#include "runtime/context.h"

namespace kcc::runtime {
namespace {

// Kernel 3 takes two blocks at once, kernel 5 one for each thread.
constexpr Scratch kRows[] = {{3, false, 64, 0}, {3, false, 0, 32}, {5, true, 40, 0}};
constexpr EntryInfo kEntry = {nullptr, 0, 0, 0, kRows, 3};

TEST(ScratchNeed, IsTheMostOfAllKernels) {
  ScratchNeed need;
  need.include(kEntry, 2, 3);
  EXPECT_EQ(need.blocks[0], 3);  // of 64 bytes: two for kernel 3, three for kernel 5
  EXPECT_EQ(need.bytes(), 3 * 128);
  need.include(kEntry, 32, 1);
  EXPECT_EQ(need.blocks[0], 3);
  EXPECT_EQ(need.blocks[4], 1);  // 32 * 32 bytes
}

TEST(ScratchNeed, LivesInTheMemoryThatIsLent) {
  ScratchNeed need;
  need.include(kEntry, 32, 2);
  std::vector<char> memory(static_cast<size_t>(need.bytes()) + 64);
  char* begin = memory.data() + (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
  Context context(nullptr);
  ASSERT_TRUE(context.reserve(need, begin));
  const auto inside = [&](void* block) {
    return block >= begin && static_cast<char*>(block) < begin + need.bytes();
  };
  void* large = context.allocate(1024);
  void* small = context.allocate(64);
  EXPECT_TRUE(inside(large) && inside(small));
  context.release(large);
  // A smaller batch makes do with the block of a larger one.
  void* less = context.allocate(700);
  EXPECT_EQ(less, large);
  context.release(less);
  context.release(small);
}

}  // namespace
}  // namespace kcc::runtime
