#include "runtime/threads.h"

#include <chrono>
#include <limits>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/denormals.h"

namespace kcc::runtime {
namespace {

// Calls body(index) through the pool's C-like interface.
template <typename Body>
int run(ThreadPool& pool, int min, int size, Body body) {
  auto task = [](void*, int index, uint8_t* closure) -> int { return (*reinterpret_cast<Body*>(closure))(index); };
  return pool.parallel_for(task, nullptr, min, size, reinterpret_cast<uint8_t*>(&body));
}

TEST(ThreadPool, RunsEveryIterationOnce) {
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int size : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> count(static_cast<size_t>(size));
      const int min = -3;
      EXPECT_EQ(run(pool, min, size, [&](int i) { return ++count[static_cast<size_t>(i - min)], 0; }), 0);
      for (std::atomic<int>& c : count) EXPECT_EQ(c.load(), 1) << threads << " threads, " << size;
    }
  }
}

TEST(ThreadPool, ManyShortLoopsInARow) {
  ThreadPool pool(4);
  std::atomic<int64_t> sum{0};
  for (int round = 0; round < 20000; ++round) run(pool, 0, 3, [&](int i) { return sum += i, 0; });
  EXPECT_EQ(sum.load(), 20000 * 3);
}

TEST(ThreadPool, WakesWorkersThatWentToSleep) {
  ThreadPool pool(2);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> arrived{0};
    run(pool, 0, 2, [&](int) {
      ++arrived;
      while (arrived.load() < 2) std::this_thread::yield();
      return 0;
    });
    EXPECT_EQ(arrived.load(), 2);
  }
}

TEST(ThreadPool, NestedLoopsRunOnTheirOwnThread) {
  ThreadPool pool(3);
  std::atomic<int> strangers{0}, total{0};
  run(pool, 0, 8, [&](int) {
    const std::thread::id self = std::this_thread::get_id();
    return run(pool, 0, 8, [&](int) {
      strangers += std::this_thread::get_id() != self;
      return ++total, 0;
    });
  });
  EXPECT_EQ(strangers.load(), 0);
  EXPECT_EQ(total.load(), 64);
}

TEST(ThreadPool, TwoCallersAtOnce) {
  ThreadPool pool(3);
  std::atomic<int> total{0};
  auto caller = [&] {
    for (int round = 0; round < 2000; ++round) run(pool, 0, 5, [&](int) { return ++total, 0; });
  };
  std::thread other(caller);
  caller();
  other.join();
  EXPECT_EQ(total.load(), 2 * 2000 * 5);
}

TEST(ThreadPool, ReturnsTheCodeOfAFailure) {
  for (int threads : {1, 3}) {
    ThreadPool pool(threads);
    EXPECT_EQ(run(pool, 0, 50, [](int i) { return i == 20 ? -9 : 0; }), -9);
    EXPECT_EQ(run(pool, 0, 50, [](int) { return 0; }), 0);
  }
}

float half_of_smallest() {
  volatile float smallest = std::numeric_limits<float>::min();
  return smallest * 0.5f;
}

TEST(FlushDenormals, HoldsWhileAliveAndRestores) {
  EXPECT_NE(half_of_smallest(), 0.0f);
  {
    FlushDenormals flush;
    EXPECT_EQ(half_of_smallest(), 0.0f);
  }
  EXPECT_NE(half_of_smallest(), 0.0f);
}

TEST(FlushDenormals, HoldsInWorkers) {
  ThreadPool pool(2);
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<int> arrived{0}, kept{0};
  run(pool, 0, 2, [&](int) {
    ++arrived;
    while (arrived.load() < 2) std::this_thread::yield();
    if (std::this_thread::get_id() != caller) kept += half_of_smallest() != 0.0f;
    return 0;
  });
  EXPECT_EQ(kept.load(), 0);
}

}  // namespace
}  // namespace kcc::runtime
