// StateBlock: the memory behind Program::states: weights, optimizer slots, metrics, random keys. Entries read and
// write it; the trainer fills it before (initialize, weights files) and reads weights out of it.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/aligned_buffer.h"
#include "runtime/files/result.h"
#include "runtime/program.h"

namespace kcc::runtime {

class StateBlock {
 public:
  static Result<StateBlock> allocate(const Program& program);

  char* data() const { return memory_.data(); }

  void initialize(uint64_t seed);
  // Program::initial_weights; with_optimizer false leaves the optimizer's states.
  void load_embedded(bool with_optimizer);

  void reset_metrics();

  int64_t iterations() const;  // steps done; 0 without an optimizer
  // In float, as the optimizer holds it; 0 where a schedule computes it.
  double learning_rate() const;
  // What a step with the samples [first, ...) of a batch is told: what its random numbers are a function of, and how
  // many samples the batch has.
  void set_step(uint64_t seed, int64_t step, int64_t first, int64_t batch);
  Status set_learning_rate(double rate);
  // Gives states their final values, once training has ended. Nothing where no step was done: there are none yet.
  void finalize();

  // What Keras's get_weights gives and set_weights takes: the model's own, not the optimizer's.
  std::vector<char> copy_weights() const;
  void set_weights(const std::vector<char>& weights);
  // What steps leave besides weights and the optimizer: metrics, random keys, the memory of stateful layers.
  std::vector<char> copy_traces() const;
  void set_traces(const std::vector<char>& traces);
  // What stateful layers remember.
  void clear_memory();

 private:
  explicit StateBlock(const Program& program, AlignedBuffer memory);
  void* at(int32_t state) const;
  std::vector<char> copy(bool (*wanted)(Role)) const;
  void set(bool (*wanted)(Role), const std::vector<char>& bytes);

  const Program* program_;
  AlignedBuffer memory_;
};

}  // namespace kcc::runtime
