#include "compiler/passes/plan_exchange.h"

#include "compiler/support/check.h"

namespace kcc {
namespace {

void list_reads(const KernelCall& call, std::vector<const TensorRef*>& reads) {
  for (const TensorRef& ref : call.inputs) reads.push_back(&ref);
}

std::vector<const TensorRef*> reads_of(const PlanStep& step) {
  std::vector<const TensorRef*> reads;
  if (const auto* call = std::get_if<KernelCall>(&step)) list_reads(*call, reads);
  if (const auto* loop = std::get_if<Loop>(&step)) {
    for (const std::vector<KernelCall>* calls : {&loop->calls, &loop->idle_calls})
      for (const KernelCall& call : *calls) list_reads(call, reads);
    if (loop->mask) reads.push_back(&*loop->mask);
  }
  return reads;
}

}  // namespace

void BucketPlanner::add(Exchange::Sum sum, std::vector<PlanStep>& steps) {
  const Type& type = sum.target.type;
  KCC_CHECK(sum.target.space == Space::kArena && !element_count(type.shape).batched, "a sum of what all ranks have");
  bucket_of_[sum.target.index] = pending_.bucket;
  bytes_ += element_count(type.shape).size * size_of(type.dtype);
  pending_.sums.push_back(std::move(sum));
  if (bytes_ >= (pending_.bucket == 0 ? kFirstBucket : kBucket)) start(steps);
}

std::vector<Exchange::Sum> BucketPlanner::prepare(const PlanStep& next, std::vector<PlanStep>& steps) {
  std::set<int32_t> needed;
  for (const TensorRef* ref : reads_of(next))
    if (ref->space == Space::kArena)
      if (const auto found = bucket_of_.find(ref->index); found != bucket_of_.end()) needed.insert(found->second);
  std::vector<Exchange::Sum> arrived;
  for (int32_t bucket : needed) {
    if (bucket == pending_.bucket) start(steps);
    steps.emplace_back(Await{bucket});
    for (const Exchange::Sum& sum : running_.at(bucket).sums) {
      bucket_of_.erase(sum.target.index);
      arrived.push_back(sum);
    }
    running_.erase(bucket);
  }
  return arrived;
}

void BucketPlanner::start(std::vector<PlanStep>& steps) {
  steps.emplace_back(pending_);
  const int32_t next = pending_.bucket + 1;
  running_[pending_.bucket] = std::move(pending_);
  pending_ = {next, {}};
  bytes_ = 0;
}

}  // namespace kcc
