// Cursor: where in the data the steps of a run lie. Epochs of --steps-per-epoch batches go on where the last one
// stopped; when the data is used up, the next epoch begins a new pass in a new order. The place is a function of the
// run's position, so that --initial-epoch and a checkpoint find it again.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/shuffle.h"
#include "runtime/steps.h"

namespace kcc::runtime {

struct FitPlan {
  int64_t initial_epoch, epochs;
  Steps steps;  // of an epoch
  Shuffle shuffle;
  uint64_t seed;
};

// Where a run stands: before this step of this epoch. After an epoch's last step its validation follows.
struct Position {
  int64_t epoch, step;
};

class Cursor {
 public:
  explicit Cursor(const FitPlan& plan) : plan_(plan) {}

  void go_to(Position position);

  bool used_up() const { return next_ >= plan_.steps.available; }
  int64_t batch() const { return plan_.steps.size(next_); }
  int64_t first_sample() const { return next_ * plan_.steps.batch; }
  const std::vector<int64_t>& order() const { return order_; }  // of the pass; empty: 0, 1, 2, ...
  void advance() { ++next_; }

 private:
  const FitPlan& plan_;
  int64_t pass_ = -1;
  int64_t next_ = 0;  // batch of the pass
  std::vector<int64_t> order_;
};

}  // namespace kcc::runtime
