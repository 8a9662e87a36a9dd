// Compiles one kernel as the product does (an object without asserts, bounds queries and runtime), loads it and runs it
// on arrays of doubles. Operands and results end at a page that may not be touched, so that reading or writing past
// them is a crash; parallel loops run in an order of the test's choosing.
#pragma once

#include <string>
#include <vector>

#include "codegen/kernels/family.h"
#include "tests/support/array.h"

namespace kcc::testing {

// Memory of exactly `bytes`, the last of them before a forbidden page.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t bytes);
  ~GuardedBytes();
  GuardedBytes(GuardedBytes&& other) noexcept;
  GuardedBytes(const GuardedBytes&) = delete;
  void* data() const { return data_; }

 private:
  void* mapping_ = nullptr;
  size_t mapped_ = 0;
  void* data_ = nullptr;
};

// Operands of a kernel in such memory, and room for its results, of pattern 0xab.
class Arguments {
 public:
  // `types`: operands, then results. `in_place`: for each result the operand whose memory it takes, or -1.
  Arguments(const std::vector<Type>& types, const std::vector<Array>& operands, int64_t batch,
            const std::vector<int>& in_place);
  const std::vector<void*>& pointers() const { return pointers_; }
  std::vector<Array> results() const;

 private:
  std::vector<Type> types_;
  size_t operand_count_;
  int64_t batch_;
  std::vector<GuardedBytes> memory_;
  std::vector<void*> pointers_;
};

enum class TaskOrder { kForward, kBackward };

class LoadedKernel {
 public:
  LoadedKernel(const Kernel& kernel, const std::string& target, const ScheduleOptions& options);
  ~LoadedKernel();
  LoadedKernel(const LoadedKernel&) = delete;

  const std::string& schedule() const { return schedule_; }
  double compile_seconds() const { return seconds_; }
  size_t object_bytes() const { return bytes_; }

  // Results by position. `in_place`: for each result the operand whose memory it takes, or -1.
  std::vector<Array> run(const std::vector<Array>& operands, int64_t batch, TaskOrder order = TaskOrder::kForward,
                         const std::vector<int>& in_place = {}) const;
  // The raw call: operands then results, by position, dense.
  int call(const std::vector<void*>& buffers, int64_t batch) const;

 private:
  std::vector<Type> types_;  // operands, then results
  size_t operand_count_ = 0;
  std::string schedule_;
  double seconds_ = 0;
  size_t bytes_ = 0;
  void* library_ = nullptr;
  int (*function_)(void**) = nullptr;
};

}  // namespace kcc::testing
