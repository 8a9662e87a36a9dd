// RankSums: adds up over the ranks what a step makes (Context::sum_over_ranks), on a thread of its own, so that the
// step goes on meanwhile. Every rank starts the same buckets in the same order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/program.h"

namespace kcc::runtime {

class RankSums {
 public:
  using Sum = std::function<void(float* values, int64_t count)>;  // over the ranks, in place

  explicit RankSums(Sum sum);
  ~RankSums();
  RankSums(const RankSums&) = delete;
  RankSums& operator=(const RankSums&) = delete;

  // Before each step. A rank that does not count adds zeros. `stop`: this rank wants to end after the step.
  void begin_step(bool counts, bool stop);
  // Buckets 0, 1, 2, ... of the step; the memory is not to be touched until awaited.
  void start(int32_t bucket, const Summand* summands, int32_t count);
  void await(int32_t bucket);
  // After a step: whether some rank wanted to stop. All ranks get the same answer.
  bool stop_agreed() const { return stop_agreed_; }

 private:
  struct Bucket {
    bool carries_stop;
    std::vector<Summand> summands;
  };

  void work();
  void add_up(const Bucket& bucket);

  const Sum sum_;
  bool counts_ = true, stop_ = false, stop_agreed_ = false;
  std::vector<float> packed_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Bucket> waiting_;
  int32_t done_ = 0;  // buckets of this step
  bool ending_ = false;
  std::thread thread_;
};

class Ranks;
class StateBlock;

// Adds up the metrics of all ranks.
void sum_metrics(const Program& program, const StateBlock& block, const Ranks& ranks);

}  // namespace kcc::runtime
