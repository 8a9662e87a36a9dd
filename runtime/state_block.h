// StateBlock: the memory behind Program::states: weights, optimizer slots, metrics, random keys. Entries read and
// write it; the trainer fills it before (initialize, weights files) and reads metrics and weights out of it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/aligned_buffer.h"
#include "runtime/files/result.h"
#include "runtime/program.h"
#include "runtime/progress_bar.h"

namespace kcc::runtime {

class StateBlock {
 public:
  static Result<StateBlock> allocate(const Program& program);

  char* data() const { return memory_.data(); }

  void initialize(uint64_t seed);
  // Program::initial_weights; with_optimizer false leaves the optimizer's states.
  void load_embedded(bool with_optimizer);

  void reset_metrics();
  // The running means, sorted by name as Keras reports them.
  Logs logs() const;

  int64_t iterations() const;  // steps done; 0 without an optimizer
  void set_random_key(uint64_t seed, uint64_t step);
  Status set_learning_rate(double rate);

 private:
  explicit StateBlock(const Program& program, AlignedBuffer memory);
  void* at(int32_t state) const;

  const Program* program_;
  AlignedBuffer memory_;
  std::vector<const MetricInfo*> metrics_;  // by name
};

}  // namespace kcc::runtime
