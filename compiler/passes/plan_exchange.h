// BucketPlanner: which values travel together where ranks add up what they have. Small messages cost as much as large
// ones, so sums wait for each other until a bucket is full; a first small bucket lets the traffic begin early. Weight
// gradients arrive in the order of the backward pass, the last layers' first, and so their buckets do.
#pragma once

#include <map>
#include <set>

#include "compiler/ir/plan.h"

namespace kcc {

constexpr int64_t kFirstBucket = int64_t{1} << 20, kBucket = int64_t{25} << 20;  // bytes from which a bucket is full

class BucketPlanner {
 public:
  // `sum` can be formed after the steps so far. Its target is in the arena: a storage, not placed yet.
  void add(Exchange::Sum sum, std::vector<PlanStep>& steps);
  // Appends what has to happen before `next`, which may read targets. Gives the sums that are there from then on.
  std::vector<Exchange::Sum> prepare(const PlanStep& next, std::vector<PlanStep>& steps);
  // Every sum has been awaited.
  bool finished() const { return pending_.sums.empty() && running_.empty(); }

 private:
  void start(std::vector<PlanStep>& steps);

  Exchange pending_;
  int64_t bytes_ = 0;                     // in pending_
  std::map<int32_t, int32_t> bucket_of_;  // by the target's storage; those that nobody awaited yet
  std::map<int32_t, Exchange> running_;   // by bucket
};

}  // namespace kcc
