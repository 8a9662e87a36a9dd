// Eight threads answer requests with one set of weights: each has a model of its own that shares them, so none waits
// for another.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "digits.hpp"

int main() {
  constexpr int kThreads = 8, kRequests = 20000;
  digits::Model model;
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  const auto start = std::chrono::steady_clock::now();
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&model, &failed, t] {
      digits::Model mine = model.share();
      std::vector<float> picture(digits::input::input_layer::size, 0.1f * static_cast<float>(t));
      std::vector<float> sure(digits::output::dense_1::size);
      for (int i = 0; i < kRequests / kThreads; ++i)
        if (mine.predict(picture, sure) != digits::Status::kOk) ++failed;
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  std::printf("%d requests by %d threads: %.0f a second, %d failed\n", kRequests, kThreads, kRequests / time.count(),
              failed.load());
  return failed == 0 ? 0 : 1;
}
