#include "runtime/context.h"

#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "HalideRuntime.h"
#include "gtest/gtest.h"
#include "runtime/threads.h"

namespace kcc::runtime {
namespace {

TEST(Context, GivesAlignedBlocksOfEverySize) {
  Context context(nullptr);
  for (size_t bytes : {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{4096}, size_t{100001}}) {
    void* block = context.allocate(bytes);
    ASSERT_NE(block, nullptr) << bytes;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u) << bytes;
    std::memset(block, 0xab, bytes);
    context.release(block);
  }
}

TEST(Context, HandsOutTheSameBlockAgain) {
  Context context(nullptr);
  void* first = context.allocate(1000);
  void* second = context.allocate(1000);
  EXPECT_NE(first, second);
  context.release(first);
  EXPECT_EQ(context.allocate(900), first);
  context.release(first);
  context.release(second);
}

TEST(Context, SmallBlocksNeverServeLargeRequests) {
  Context context(nullptr);
  void* small = context.allocate(64);
  context.release(small);
  void* large = context.allocate(65);
  EXPECT_NE(large, small);
  std::memset(large, 1, 65);  // the address sanitizer would object
  context.release(large);
}

TEST(Context, ReleasesMoreBlocksThanItKeeps) {
  Context context(nullptr);
  std::set<void*> blocks;
  for (int i = 0; i < 200; ++i) blocks.insert(context.allocate(128));
  EXPECT_EQ(blocks.size(), 200u);
  for (void* block : blocks) context.release(block);
}

TEST(Context, RefusesWhatNoMachineHas) {
  Context context(nullptr);
  EXPECT_EQ(context.allocate(SIZE_MAX), nullptr);
  context.release(nullptr);
}

TEST(Context, ThreadsNeverShareABlock) {
  Context context(nullptr);
  bool clean[4] = {true, true, true, true};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5000; ++i) {
        unsigned char* block = static_cast<unsigned char*>(context.allocate(256));
        std::memset(block, t, 256);
        for (int b = 0; b < 256; ++b) clean[t] = clean[t] && block[b] == t;
        context.release(block);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (bool ok : clean) EXPECT_TRUE(ok);
}

// The hooks, as a kernel calls them.

int record_thread(void* user_context, int index, uint8_t* closure) {
  EXPECT_NE(user_context, nullptr);
  reinterpret_cast<std::thread::id*>(closure)[index] = std::this_thread::get_id();
  return 0;
}

TEST(HalideHooks, ScratchComesFromTheContext) {
  Context context(nullptr);
  void* block = halide_malloc(&context, 500);
  halide_free(&context, block);
  EXPECT_EQ(context.allocate(500), block);
  context.release(block);
}

TEST(HalideHooks, SayThatMemoryIsOut) {
  Context context(nullptr);
  EXPECT_EXIT(halide_malloc(&context, SIZE_MAX / 2), testing::ExitedWithCode(1), "out of memory");
}

TEST(HalideHooks, LoopsStayOnTheCallersThreadUnlessWorthwhile) {
  ThreadPool pool(4);
  struct Row {
    ThreadPool* pool;
    bool parallel;
  };
  for (const Row& row : {Row{nullptr, true}, Row{&pool, false}}) {
    Context context(row.pool);
    context.set_parallel(row.parallel);
    std::vector<std::thread::id> ids(100);
    EXPECT_EQ(halide_do_par_for(&context, record_thread, 0, 100, reinterpret_cast<uint8_t*>(ids.data())), 0);
    for (std::thread::id id : ids) EXPECT_EQ(id, std::this_thread::get_id());
  }
}

TEST(HalideHooks, WorthwhileLoopsReachThePool) {
  ThreadPool pool(2);
  Context context(&pool);
  context.set_parallel(true);
  // Two iterations that wait for each other need two threads.
  std::atomic<int> arrived{0};
  auto meet = [](void*, int, uint8_t* closure) {
    std::atomic<int>& count = *reinterpret_cast<std::atomic<int>*>(closure);
    ++count;
    while (count.load() < 2) std::this_thread::yield();
    return 0;
  };
  EXPECT_EQ(halide_do_par_for(&context, meet, 0, 2, reinterpret_cast<uint8_t*>(&arrived)), 0);
}

TEST(HalideHooks, ReportTheFailureOfAnIteration) {
  ThreadPool pool(2);
  auto fail_at_7 = [](void*, int index, uint8_t*) { return index == 7 ? -7 : 0; };
  for (bool parallel : {false, true}) {
    Context context(&pool);
    context.set_parallel(parallel);
    EXPECT_EQ(halide_do_par_for(&context, fail_at_7, 0, 16, nullptr), -7);
  }
}

}  // namespace
}  // namespace kcc::runtime
