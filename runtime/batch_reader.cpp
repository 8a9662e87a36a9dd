#include "runtime/batch_reader.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>

namespace kcc::runtime {
namespace {

// From here on a second thread pays: measured, handing a batch over and back costs 10 to 20 microseconds, gathering
// 256 KB 30 to 60.
constexpr int64_t kWorthAThread = 256 << 10;

// What was asked for, kept apart from the caller's order, which may be another's by the time the thread reads it.
struct Wanted {
  bool ordered = false;
  std::vector<int64_t> rows;  // if ordered
  int64_t first = 0, count = 0;

  void set(const std::vector<int64_t>& order, int64_t first_sample, int64_t samples) {
    ordered = !order.empty();
    first = first_sample;
    count = samples;
    if (ordered) rows.assign(order.begin() + first, order.begin() + first + count);
  }

  bool is(const std::vector<int64_t>& order, int64_t first_sample, int64_t samples) const {
    if (count != samples || ordered == order.empty()) return false;
    return ordered ? std::equal(rows.begin(), rows.end(), order.begin() + first_sample) : first == first_sample;
  }

  Status fill(BatchBuffer& buffer) const {
    return ordered ? buffer.fill(rows.data(), 0, count) : buffer.fill(nullptr, first, count);
  }
};

}  // namespace

// The second buffer and the thread that fills it, which starts with the first batch that is worth it. The buffer, what
// is wanted and the status are the thread's while the state is kFilling, else the reader's.
class BatchReader::Ahead {
 public:
  explicit Ahead(BatchBuffer buffer) : buffer_(std::move(buffer)) {}

  ~Ahead() {
    if (!thread_.joinable()) return;
    finish();
    set(State::kStop);
    thread_.join();
  }

  void start(const std::vector<int64_t>& order, int64_t first, int64_t count) {
    finish();  // a batch that nobody took
    if (buffer_.work(!order.empty(), count) < kWorthAThread || !start_thread()) return;
    wanted_.set(order, first, count);
    set(State::kFilling);
  }

  // Whether this batch was read ahead; then `now` has it, or `status` says why not.
  bool take(const std::vector<int64_t>& order, int64_t first, int64_t count, BatchBuffer& now, Status& status) {
    if (!finish() || !wanted_.is(order, first, count)) return false;
    status = status_;
    if (status) std::swap(now, buffer_);
    return true;
  }

 private:
  enum class State : int { kIdle, kFilling, kFilled, kStop };

  void set(State state) {
    state_.store(state);
    state_.notify_one();
  }

  bool start_thread() {
    if (thread_.joinable()) return true;
    try {
      thread_ = std::thread([this] { fill_forever(); });
    } catch (const std::system_error&) {
      return false;  // the system gives no more threads: batches are read when they are needed
    }
    return true;
  }

  // Waits for what was started. False: nothing was.
  bool finish() {
    state_.wait(State::kFilling);
    return state_.exchange(State::kIdle) == State::kFilled;
  }

  void fill_forever() {
    for (State state = state_.load(); state != State::kStop; state = state_.load()) {
      if (state != State::kFilling) {
        state_.wait(state);
        continue;
      }
      status_ = wanted_.fill(buffer_);
      set(State::kFilled);
    }
  }

  BatchBuffer buffer_;
  Wanted wanted_;
  Status status_;
  std::atomic<State> state_{State::kIdle};
  std::thread thread_;
};

BatchReader::BatchReader(BatchBuffer now, std::unique_ptr<Ahead> ahead)
    : now_(std::move(now)), ahead_(std::move(ahead)) {}
BatchReader::BatchReader(BatchReader&&) noexcept = default;
BatchReader::~BatchReader() = default;

Result<BatchReader> BatchReader::create(const Dataset& data, int64_t largest_batch, bool ahead) {
  Result<BatchBuffer> now = BatchBuffer::create(data, largest_batch);
  if (!now) return now.error();
  if (!ahead) return BatchReader(std::move(*now), nullptr);
  Result<BatchBuffer> next = BatchBuffer::create(data, largest_batch);
  if (!next) return next.error();
  return BatchReader(std::move(*now), std::make_unique<Ahead>(std::move(*next)));
}

Result<const void* const*> BatchReader::read(const std::vector<int64_t>& order, int64_t first, int64_t count) {
  Status status;
  if (ahead_ == nullptr || !ahead_->take(order, first, count, now_, status))
    status = now_.fill(order.empty() ? nullptr : order.data(), first, count);
  if (!status) return status.error();
  return now_.pointers();
}

void BatchReader::read_ahead(const std::vector<int64_t>& order, int64_t first, int64_t count) {
  if (ahead_ != nullptr) ahead_->start(order, first, count);
}

}  // namespace kcc::runtime
