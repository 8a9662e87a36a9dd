#include "runtime/executor.h"

#include <algorithm>
#include <limits>

#include "runtime/data/array.h"
#include "runtime/format.h"
#include "runtime/scratch.h"

namespace kcc::runtime {
namespace {

// A Halide buffer's size in bytes is a positive int32.
constexpr int64_t kLargestBuffer = std::numeric_limits<int32_t>::max();

Status check_size(const char* kind, const TensorInfo& tensor, int64_t batch) {
  const int64_t sample = tensor.elements * size_of(tensor.type);
  if (sample == 0 || batch <= kLargestBuffer / sample) return {};
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const int64_t bytes = batch > kMost / sample ? kMost : sample * batch;
  return make_error(
      "a batch of %ld is too large: %s '%s' would take %s, at most 2 GB are possible; "
      "batches of up to %ld fit",
      batch, kind, tensor.name, memory_size(bytes).c_str(), kLargestBuffer / sample);
}

// Halide's error codes that a user can cause (HalideRuntime.h).
std::string explain(int code) {
  switch (code) {
    case -5:
    case -6:
      return "a buffer of the batch is larger than 2 GB: choose a smaller batch";
    case -11:
      return "out of memory";
    default:
      return format("internal error %d", code);
  }
}

// The activations; negative: more than can be addressed.
int64_t arena_bytes(const EntryInfo& entry, int64_t batch) {
  int64_t bytes = 0;
  if (__builtin_mul_overflow(entry.arena_batch, batch, &bytes) ||
      __builtin_add_overflow(bytes, entry.arena_fixed + 63, &bytes))
    return -1;
  return bytes / 64 * 64;
}

}  // namespace

Executor::Executor(const Program& program, StateBlock& state, int threads)
    : program_(program), state_(state), pool_(threads), context_(&pool_) {
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

Status Executor::check_extents(int64_t batch) const {
  if (Status status = check_batch(batch); !status) return status;
  for (int32_t i = 0; i < program_.input_count; ++i) {
    if (Status status = check_size("input", program_.inputs[i], batch); !status) return status;
  }
  for (int32_t i = 0; i < program_.output_count; ++i) {
    if (Status status = check_size("output", program_.outputs[i], batch); !status) return status;
  }
  return {};
}

int64_t Executor::memory_for(std::initializer_list<const EntryInfo*> entries, int64_t batch, int threads) {
  int64_t arena = 0;
  ScratchNeed scratch;
  for (const EntryInfo* entry : entries) {
    const int64_t bytes = arena_bytes(*entry, batch);
    if (bytes < 0) return -1;
    arena = std::max(arena, bytes);
    scratch.include(*entry, batch, threads);
  }
  return arena + scratch.bytes();
}

Status Executor::prepare(const EntryInfo& entry, int64_t batch) {
  if (Status status = check_extents(batch); !status) return status;
  return make_room(entry, batch);
}

Status Executor::prepare_in(char* memory, std::initializer_list<const EntryInfo*> entries, int64_t batch) {
  if (Status status = check_extents(batch); !status) return status;
  ScratchNeed scratch;
  for (const EntryInfo* entry : entries) {
    arena_bytes_ = std::max(arena_bytes_, arena_bytes(*entry, batch));
    scratch.include(*entry, batch, threads());
  }
  lent_ = true;
  arena_ = memory;
  context_.reserve(scratch, memory + arena_bytes_);
  return {};
}

Status Executor::make_room(const EntryInfo& entry, int64_t batch) {
  const int64_t bytes = arena_bytes(entry, batch);
  if (bytes < 0) return make_error("a batch of %ld is too large: choose a smaller one", batch);
  if (lent_) {
    if (bytes <= arena_bytes_) return {};
    return make_error("a batch of %ld does not fit the arena, which was made for smaller ones", batch);
  }
  ScratchNeed scratch;
  scratch.include(entry, batch, threads());
  if (!context_.reserve(scratch, nullptr)) return make_error("out of memory for the scratch of a batch of %ld", batch);
  if (bytes <= arena_bytes_) return {};
  Result<AlignedBuffer> arena =
      AlignedBuffer::allocate(bytes, format("the activations of a batch of %ld", batch).c_str());
  if (!arena) return arena.error();
  own_ = std::move(*arena);
  arena_ = own_.data();
  arena_bytes_ = bytes;
  return {};
}

Status Executor::run(const EntryInfo& entry, const void* const* inputs, void* const* outputs, int64_t batch) {
  if (Status status = check_batch(batch); !status) return status;
  return call(entry, inputs, outputs, batch);
}

Status Executor::call(const EntryInfo& entry, const void* const* inputs, void* const* outputs, int64_t batch) {
  const Step step = {static_cast<int32_t>(batch), inputs, outputs, state_.data(), arena_, &context_};
  const int code = entry.run(step);
  if (code == 0) return {};
  return make_error("a kernel failed: %s", explain(code).c_str());
}

Status Executor::metrics(float* values) {
  if (Status status = make_room(program_.report, 1); !status) return status;
  constexpr int32_t kMost = 64;  // at a time, so that nothing is allocated
  void* few[kMost];
  void** outputs = program_.metric_count <= kMost ? few : new void*[static_cast<size_t>(program_.metric_count)];
  for (int32_t i = 0; i < program_.metric_count; ++i) outputs[i] = values + i;
  Status status = call(program_.report, nullptr, outputs, 1);
  if (outputs != few) delete[] outputs;
  return status;
}

}  // namespace kcc::runtime
