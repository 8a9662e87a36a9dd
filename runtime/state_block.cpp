#include "runtime/state_block.h"

#include <cstring>
#include <utility>

#include "runtime/data/array.h"
#include "runtime/initialize.h"

namespace kcc::runtime {
namespace {

bool is_weight(Role role) {
  return role == Role::kWeight || role == Role::kStatistic;
}

bool is_trace(Role role) {
  return role == Role::kMetric || role == Role::kRandom || role == Role::kMemory;
}

size_t bytes_of(const StateInfo& state) {
  return static_cast<size_t>(state.tensor.elements * size_of(state.tensor.type));
}

}  // namespace

StateBlock::StateBlock(const Program& program, AlignedBuffer memory) : program_(&program), memory_(std::move(memory)) {}

Result<StateBlock> StateBlock::allocate(const Program& program) {
  Result<AlignedBuffer> memory = AlignedBuffer::allocate(program.state_bytes, "weights and optimizer");
  if (!memory) return memory.error();
  return StateBlock(program, std::move(*memory));
}

void* StateBlock::at(int32_t state) const {
  return memory_.data() + program_->states[state].offset;
}

void StateBlock::initialize(uint64_t seed) {
  for (int32_t i = 0; i < program_->state_count; ++i) kcc::runtime::initialize(program_->states[i], i, seed, at(i));
}

void StateBlock::load_embedded(bool with_optimizer) {
  const float* source = program_->initial_weights;
  if (source == nullptr) return;
  for (int32_t i = 0; i < program_->state_count; ++i) {
    const StateInfo& state = program_->states[i];
    if (state.file_path[0] == '\0') continue;
    const bool optimizer = state.role == Role::kSlot || state.role == Role::kOptimizer;
    if (with_optimizer || !optimizer) std::memcpy(at(i), source, bytes_of(state));
    source += state.tensor.elements;
  }
}

void StateBlock::reset_metrics() {
  for (int32_t i = 0; i < program_->state_count; ++i) {
    const StateInfo& state = program_->states[i];
    if (state.role == Role::kMetric) std::memset(at(i), 0, bytes_of(state));
  }
}

int64_t StateBlock::iterations() const {
  return program_->iterations < 0 ? 0 : *static_cast<const int32_t*>(at(program_->iterations));
}

void StateBlock::set_step(uint64_t seed, int64_t step, int64_t first, int64_t batch) {
  if (program_->whole_batch >= 0) *static_cast<float*>(at(program_->whole_batch)) = static_cast<float>(batch);
  if (program_->random_key < 0) return;
  uint32_t* key = static_cast<uint32_t*>(at(program_->random_key));
  key[0] = static_cast<uint32_t>(seed);
  key[1] = static_cast<uint32_t>(seed >> 32);
  key[2] = static_cast<uint32_t>(step);
  key[3] = static_cast<uint32_t>(first);
}

double StateBlock::learning_rate() const {
  return program_->learning_rate < 0 ? 0 : static_cast<double>(*static_cast<const float*>(at(program_->learning_rate)));
}

Status StateBlock::set_learning_rate(double rate) {
  if (program_->learning_rate < 0) {
    return make_error("--learning-rate does not fit this program: %s",
                      program_->train.run == nullptr ? "it cannot train" : "a schedule computes its learning rate");
  }
  *static_cast<float*>(at(program_->learning_rate)) = static_cast<float>(rate);
  return {};
}

std::vector<char> StateBlock::copy(bool (*wanted)(Role)) const {
  std::vector<char> bytes;
  for (int32_t i = 0; i < program_->state_count; ++i) {
    const StateInfo& state = program_->states[i];
    const char* data = static_cast<const char*>(at(i));
    if (wanted(state.role)) bytes.insert(bytes.end(), data, data + bytes_of(state));
  }
  return bytes;
}

void StateBlock::set(bool (*wanted)(Role), const std::vector<char>& bytes) {
  const char* source = bytes.data();
  for (int32_t i = 0; i < program_->state_count; ++i) {
    const StateInfo& state = program_->states[i];
    if (!wanted(state.role)) continue;
    std::memcpy(at(i), source, bytes_of(state));
    source += bytes_of(state);
  }
}

std::vector<char> StateBlock::copy_weights() const {
  return copy(is_weight);
}

void StateBlock::set_weights(const std::vector<char>& weights) {
  set(is_weight, weights);
}

std::vector<char> StateBlock::copy_traces() const {
  return copy(is_trace);
}

void StateBlock::clear_memory() {
  for (int32_t i = 0; i < program_->state_count; ++i) {
    const StateInfo& state = program_->states[i];
    if (state.role == Role::kMemory) std::memset(at(i), 0, bytes_of(state));
  }
}

void StateBlock::set_traces(const std::vector<char>& traces) {
  set(is_trace, traces);
}

void StateBlock::finalize() {
  if (iterations() == 0) return;
  for (int32_t i = 0; i < program_->state_count; ++i) {
    const StateInfo& state = program_->states[i];
    if (state.final_value < 0) continue;
    std::memcpy(at(i), at(state.final_value), bytes_of(state));
  }
}

}  // namespace kcc::runtime
