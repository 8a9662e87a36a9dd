// Model: one handle of the C interface that a library made by kcc offers (codegen/templates/library.h.in). The
// library's generated functions only name the program and hand everything on to here.
//
// What is in this folder, and what it uses, is linked into other people's programs: it is compiled without exceptions
// and RTTI and brings along the little that it needs of libstdc++ (abi.cpp).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "runtime/executor.h"
#include "runtime/program.h"
#include "runtime/state_block.h"

namespace kcc::runtime {

// What a call says of itself.
enum class Code : int32_t { kOk, kBadArgument, kNoMemory, kFile, kNoWeights, kUnsupported, kStopped, kMismatch };

const char* text_of(Code code);

// The weight of this number in the order of Keras's get_weights(), or null.
const StateInfo* weight_of(const Program& program, int32_t number);

// What follows has the layout of its namesake in the generated header, which has to stand alone.
struct ModelOptions {
  int64_t max_rows;
  int32_t threads;
  uint64_t seed;
  void* arena;
  size_t arena_size;
  int32_t predict_only;
};

struct ModelData {
  int64_t rows;
  const void* const* inputs;
  const void* const* targets;
  const float* const* weights;  // null: all ones, as each of them may be
};

enum class ModelEvent : int32_t { kEpochBegin, kEpochEnd, kBatchBegin, kBatchEnd };

struct ModelProgress {
  ModelEvent event;
  int64_t epoch, batch, batches;
  const float* metrics;
  const float* validation_metrics;
};

struct ModelFitOptions {
  int64_t epochs, initial_epoch, batch_size, steps_per_epoch, validation_steps, validation_batch_size;
  int32_t shuffle;
  uint64_t seed;
  const ModelData* validation;
  int (*callback)(void* user, const ModelProgress* progress);
  void* user;
  uint32_t events;
};

class Model {
 public:
  // The bytes that `options.arena` must have.
  static size_t arena_size(const Program& program, const ModelOptions* options);
  // *model is null after a failure.
  static Code create(const Program& program, const ModelOptions* options, Model** model);
  static Code create_shared(const Model& owner, const ModelOptions* options, Model** model);

  const char* error() const { return error_; }
  const Program& program() const { return program_; }

  Code predict(int64_t rows, const void* const* inputs, void* const* outputs);
  Code train_on_batch(const ModelData& batch, float* metrics);
  Code test_on_batch(const ModelData& batch, float* metrics);
  Code fit(const ModelData& data, const ModelFitOptions& options);
  Code evaluate(const ModelData& data, int64_t batch_size, float* metrics);

  Code get_weight(const char* name, float* values, int64_t count) const;
  Code set_weight(const char* name, const float* values, int64_t count);
  Code load_weights(const char* path);
  Code load_weights_from(const void* data, size_t bytes);
  Code save_weights(const char* path);
  Code reset(uint64_t seed);
  Code self_check(double* worst);
  const char* processor() const;
  void reset_metrics();
  void reset_states();
  Code get_learning_rate(double* rate) const;
  Code set_learning_rate(double rate);
  int64_t iterations() const;

 private:
  friend class ModelFit;

  // What models over the same weights share.
  struct Weights {
    StateBlock block;
    bool known;  // embedded, loaded, set or about to be trained
  };

  Model(const Program& program, std::shared_ptr<Weights> weights, const ModelOptions& options, bool owner);
  Code prepare(const ModelOptions& options);

  Code fail(Code code, const Error& error) const;
  Code fail(Code code, const char* format, ...) const __attribute__((format(printf, 3, 4)));
  Code check_rows(int64_t rows) const;
  Code check_indices(const void* const* inputs, int64_t rows) const;
  Code check_targets(const void* const* targets, int64_t rows) const;
  Code check_data(const ModelData& data) const;
  Code check_trainable() const;
  Code run_labelled(const EntryInfo& entry, const ModelData& batch, float* metrics);
  Code make_ready(int64_t rows);
  Code find_weight(const char* name, int64_t count, int32_t* state) const;

  const Program& program_;
  std::shared_ptr<Weights> weights_;
  Executor executor_;
  int64_t max_rows_;
  uint64_t seed_;
  bool owner_, trains_, lent_;
  std::unique_ptr<const void*[]> pointers_;  // inputs, targets, sample weights of one call
  AlignedBuffer ones_;                       // sample weights of those who give none
  int64_t ready_rows_ = 0;                   // of training steps
  mutable char error_[512] = "";
};

}  // namespace kcc::runtime
