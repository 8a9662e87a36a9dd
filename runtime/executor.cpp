#include "runtime/executor.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "runtime/cores.h"
#include "runtime/data/array.h"
#include "runtime/format.h"

namespace kcc::runtime {
namespace {

// A Halide buffer's size in bytes is a positive int32.
constexpr int64_t kLargestBuffer = std::numeric_limits<int32_t>::max();

Status check_size(const char* kind, const TensorInfo& tensor, int64_t batch) {
  const int64_t sample = tensor.elements * size_of(tensor.type);
  if (sample == 0 || batch <= kLargestBuffer / sample) return {};
  return make_error(
      "a batch of %ld is too large: %s '%s' would take %s, at most 2 GB are possible; "
      "--batch-size %ld fits",
      batch, kind, tensor.name, memory_size(sample * batch).c_str(), kLargestBuffer / sample);
}

// Halide's error codes that a user can cause (HalideRuntime.h).
std::string explain(int code) {
  switch (code) {
    case -5:
    case -6:
      return "a buffer of the batch is larger than 2 GB: choose a smaller --batch-size";
    case -11:
      return "out of memory";
    default:
      return format("internal error %d", code);
  }
}

}  // namespace

Executor::Executor(const Program& program, StateBlock& state, int threads)
    : program_(program), state_(state), pool_(threads > 0 ? threads : default_threads()), context_(&pool_) {
  context_.set_cpu_target(choose_target(program).index);
}

// A stateful model's memory holds one state for each sample of a batch.
Status Executor::check_batch(int64_t batch) const {
  if (program_.fixed_batch == 0 || batch == program_.fixed_batch) return {};
  return make_error("the model is stateful and runs batches of %d samples alone, not of %ld", program_.fixed_batch,
                    batch);
}

Status Executor::check_samples(int64_t samples) const {
  if (program_.fixed_batch == 0 || samples % program_.fixed_batch == 0) return {};
  return make_error("the model is stateful and runs batches of %d samples alone, of which %ld samples are no multiple",
                    program_.fixed_batch, samples);
}

Status Executor::prepare(const EntryInfo& entry, int64_t batch) {
  if (Status status = check_batch(batch); !status) return status;
  for (int32_t i = 0; i < program_.input_count; ++i) {
    if (Status status = check_size("input", program_.inputs[i], batch); !status) return status;
  }
  for (int32_t i = 0; i < program_.output_count; ++i) {
    if (Status status = check_size("output", program_.outputs[i], batch); !status) return status;
  }
  return make_room(entry, batch);
}

Status Executor::make_room(const EntryInfo& entry, int64_t batch) {
  int64_t bytes = 0;
  if (__builtin_mul_overflow(entry.arena_batch, batch, &bytes) ||
      __builtin_add_overflow(bytes, entry.arena_fixed, &bytes)) {
    return make_error("a batch of %ld is too large: choose a smaller --batch-size", batch);
  }
  if (bytes <= arena_bytes_) return {};
  Result<AlignedBuffer> arena =
      AlignedBuffer::allocate(bytes, format("the activations of a batch of %ld", batch).c_str());
  if (!arena) return arena.error();
  arena_ = std::move(*arena);
  arena_bytes_ = bytes;
  return {};
}

Status Executor::run(const EntryInfo& entry, const void* const* inputs, void* const* outputs, int64_t batch) {
  if (Status status = check_batch(batch); !status) return status;
  return call(entry, inputs, outputs, batch);
}

Status Executor::call(const EntryInfo& entry, const void* const* inputs, void* const* outputs, int64_t batch) {
  const Step step = {static_cast<int32_t>(batch), inputs, outputs, state_.data(), arena_.data(), &context_};
  const int code = entry.run(step);
  if (code == 0) return {};
  return make_error("a kernel failed: %s", explain(code).c_str());
}

Result<Logs> Executor::metrics() {
  if (Status status = make_room(program_.report, 1); !status) return status.error();
  std::vector<float> values(static_cast<size_t>(program_.metric_count));
  std::vector<void*> outputs;
  for (float& value : values) outputs.push_back(&value);
  if (Status status = call(program_.report, nullptr, outputs.data(), 1); !status) return status.error();
  Logs logs;
  for (size_t i = 0; i < values.size(); ++i) logs.emplace_back(program_.metrics[i].name, values[i]);
  std::sort(logs.begin(), logs.end(), [](auto& a, auto& b) { return a.first < b.first; });
  return logs;
}

}  // namespace kcc::runtime
