#include "runtime/distributed/rank_sums.h"

#include <cstring>
#include <utility>

#include "runtime/context.h"
#include "runtime/distributed/ranks.h"
#include "runtime/state_block.h"

namespace kcc::runtime {
namespace {

size_t bytes_of(const Summand& summand) {
  return static_cast<size_t>(summand.count) * sizeof(float);
}

// Exact in float: the high and the low halves of whole numbers by themselves.
void sum_whole(int32_t* values, int64_t count, const Ranks& ranks) {
  std::vector<float> high(static_cast<size_t>(count)), low(high);
  for (size_t i = 0; i < high.size(); ++i) {
    high[i] = static_cast<float>(values[i] >> 16);
    low[i] = static_cast<float>(values[i] & 0xffff);
  }
  ranks.sum(high.data(), count);
  ranks.sum(low.data(), count);
  for (size_t i = 0; i < high.size(); ++i)
    values[i] = static_cast<int32_t>(high[i]) * 65536 + static_cast<int32_t>(low[i]);
}

}  // namespace

RankSums::RankSums(Sum sum) : sum_(std::move(sum)), thread_([this] { work(); }) {}

RankSums::~RankSums() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void RankSums::begin_step(bool counts, bool stop) {
  counts_ = counts;
  stop_ = stop;
  done_ = 0;
}

void RankSums::start(int32_t bucket, const Summand* summands, int32_t count) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({bucket == 0, {summands, summands + count}});
  }
  changed_.notify_all();
}

void RankSums::await(int32_t bucket) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return done_ > bucket; });
}

void RankSums::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Bucket bucket = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    add_up(bucket);
    lock.lock();
    ++done_;
    changed_.notify_all();
  }
}

// A large tensor of its own is summed where it lies; others travel as one message, the first with the wish to stop.
void RankSums::add_up(const Bucket& bucket) {
  for (const Summand& s : bucket.summands) {
    if (!counts_)
      std::memset(s.target, 0, bytes_of(s));
    else if (s.target != s.source)
      std::memcpy(s.target, s.source, bytes_of(s));
  }
  if (bucket.summands.size() == 1 && !bucket.carries_stop) {
    const Summand& only = bucket.summands.front();
    return sum_(static_cast<float*>(only.target), only.count);
  }
  packed_.clear();
  for (const Summand& s : bucket.summands) {
    const float* values = static_cast<const float*>(s.target);
    packed_.insert(packed_.end(), values, values + s.count);
  }
  if (bucket.carries_stop) packed_.push_back(stop_ ? 1.0f : 0.0f);
  sum_(packed_.data(), static_cast<int64_t>(packed_.size()));
  const float* from = packed_.data();
  for (const Summand& s : bucket.summands) {
    std::memcpy(s.target, from, bytes_of(s));
    from += s.count;
  }
  if (bucket.carries_stop) stop_agreed_ = packed_.back() != 0;
}

void sum_metrics(const Program& program, const StateBlock& block, const Ranks& ranks) {
  if (ranks.alone()) return;
  for (int32_t i = 0; i < program.state_count; ++i) {
    const StateInfo& state = program.states[i];
    if (state.role != Role::kMetric) continue;
    void* values = block.data() + state.offset;
    if (state.tensor.type == ElementType::kI32)
      sum_whole(static_cast<int32_t*>(values), state.tensor.elements, ranks);
    else
      ranks.sum(static_cast<float*>(values), state.tensor.elements);
  }
}

// Context's side of it; here, so that programs of one process alone go without.
void Context::sum_over_ranks(int32_t bucket, const Summand* summands, int32_t count) {
  sums_->start(bucket, summands, count);
}

void Context::await_sums(int32_t bucket) {
  sums_->await(bucket);
}

}  // namespace kcc::runtime
