#include "runtime/embed/model.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>
#include <new>

#include "runtime/data/array.h"
#include "runtime/data/indices.h"
#include "runtime/format.h"

namespace kcc::runtime {
namespace {

bool trains(const Program& program, const ModelOptions& options) {
  return program.train.run != nullptr && options.predict_only == 0;
}

ModelOptions complete(const Program& program, const ModelOptions* given) {
  ModelOptions options = given != nullptr ? *given : ModelOptions{};
  if (options.max_rows <= 0) options.max_rows = program.default_batch;
  if (program.fixed_batch > 0) options.max_rows = program.fixed_batch;
  options.threads = std::max(1, options.threads);
  return options;
}

// What one model needs besides weights; negative: more than can be addressed.
int64_t memory_for(const Program& program, const ModelOptions& options, bool with_training) {
  if (!with_training) return Executor::memory_for({&program.predict}, options.max_rows, options.threads);
  return Executor::memory_for({&program.predict, &program.train, &program.evaluate, &program.report}, options.max_rows,
                              options.threads);
}

bool has_memory(const Program& program) {
  for (int32_t i = 0; i < program.state_count; ++i)
    if (program.states[i].role == Role::kMemory) return true;
  return false;
}

// The row `first` of an array whose rows have this type.
const void* row_of(const void* array, const TensorInfo& row, int64_t first) {
  return static_cast<const char*>(array) + first * row.elements * size_of(row.type);
}

}  // namespace

const char* text_of(Code code) {
  switch (code) {
    case Code::kOk:
      return "good";
    case Code::kBadArgument:
      return "an argument does not fit this model";
    case Code::kNoMemory:
      return "out of memory";
    case Code::kFile:
      return "a file cannot be read or written";
    case Code::kNoWeights:
      return "there are no weights";
    case Code::kUnsupported:
      return "not supported by this processor or library";
    case Code::kStopped:
      return "stopped by the callback";
    case Code::kMismatch:
      return "the outputs are not those expected";
  }
  return "unknown status";
}

size_t Model::arena_size(const Program& program, const ModelOptions* given) {
  const ModelOptions options = complete(program, given);
  const int64_t bytes = memory_for(program, options, trains(program, options));
  return bytes < 0 ? SIZE_MAX : static_cast<size_t>(bytes);
}

Code Model::create(const Program& program, const ModelOptions* given, Model** model) {
  *model = nullptr;
  if (choose_target(program).index < 0) return Code::kUnsupported;
  const ModelOptions options = complete(program, given);
  Result<StateBlock> block = StateBlock::allocate(program);
  if (!block) return Code::kNoMemory;
  block->initialize(options.seed);
  block->load_embedded(true);
  const bool known = program.initial_weights != nullptr || program.train.run != nullptr;
  std::shared_ptr<Weights> weights(new Weights{std::move(*block), known});
  std::unique_ptr<Model> made(new Model(program, std::move(weights), options, true));
  const Code code = made->prepare(options);
  if (code == Code::kOk) *model = made.release();
  return code;
}

Code Model::create_shared(const Model& owner, const ModelOptions* given, Model** model) {
  *model = nullptr;
  const Program& program = owner.program_;
  if (has_memory(program))
    return owner.fail(Code::kUnsupported,
                      "a stateful model remembers what it has seen: each thread needs one of its own");
  const ModelOptions options = complete(program, given);
  std::unique_ptr<Model> made(new Model(program, owner.weights_, options, false));
  const Code code = made->prepare(options);
  if (code == Code::kOk)
    *model = made.release();
  else
    std::memcpy(owner.error_, made->error_, sizeof(error_));
  return code;
}

Model::Model(const Program& program, std::shared_ptr<Weights> weights, const ModelOptions& options, bool owner)
    : program_(program),
      weights_(std::move(weights)),
      executor_(program, weights_->block, options.threads),
      max_rows_(options.max_rows),
      seed_(options.seed),
      owner_(owner),
      trains_(owner && trains(program, options)),
      lent_(options.arena != nullptr),
      pointers_(
          new const void*[static_cast<size_t>(program.input_count + 2 * program.target_count + program.output_count)]) {
}

Code Model::prepare(const ModelOptions& options) {
  if (lent_) {
    if (reinterpret_cast<uintptr_t>(options.arena) % 64 != 0)
      return fail(Code::kBadArgument, "the arena is not aligned to 64 bytes");
    const int64_t needed = memory_for(program_, options, trains_);
    if (needed < 0 || static_cast<uint64_t>(needed) > options.arena_size)
      return fail(Code::kNoMemory, "the arena has %zu bytes, %lld are needed", options.arena_size,
                  static_cast<long long>(needed));
    char* arena = static_cast<char*>(options.arena);
    const Status status =
        trains_ ? executor_.prepare_in(
                      arena, {&program_.predict, &program_.train, &program_.evaluate, &program_.report}, max_rows_)
                : executor_.prepare_in(arena, {&program_.predict}, max_rows_);
    if (!status) return fail(Code::kNoMemory, status.error());
  } else if (Status status = executor_.prepare(program_.predict, max_rows_); !status) {
    return fail(Code::kNoMemory, status.error());
  }
  return trains_ ? make_ready(max_rows_) : Code::kOk;
}

// For training steps of so many rows.
Code Model::make_ready(int64_t rows) {
  if (rows <= ready_rows_) return Code::kOk;
  for (const EntryInfo* entry : {&program_.train, &program_.evaluate})
    if (Status status = executor_.prepare(*entry, rows); !status) return fail(Code::kNoMemory, status.error());
  // The report has one row; a stateful model refuses all batches but its own.
  const int64_t report_rows = std::max(1, program_.fixed_batch);
  if (Status status = executor_.prepare(program_.report, report_rows); !status)
    return fail(Code::kNoMemory, status.error());
  int64_t widest = 1;
  for (int32_t i = 0; i < program_.target_count; ++i) widest = std::max(widest, program_.targets[i].weight.elements);
  Result<AlignedBuffer> ones =
      AlignedBuffer::allocate(rows * widest * static_cast<int64_t>(sizeof(float)), "sample weights");
  if (!ones) return fail(Code::kNoMemory, ones.error());
  std::fill_n(reinterpret_cast<float*>(ones->data()), rows * widest, 1.0f);
  ones_ = std::move(*ones);
  ready_rows_ = rows;
  return Code::kOk;
}

Code Model::fail(Code code, const Error& error) const {
  return fail(code, "%s", error.message.c_str());
}

Code Model::fail(Code code, const char* format, ...) const {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(error_, sizeof(error_), format, arguments);
  va_end(arguments);
  return code;
}

// ---- predict

Code Model::check_rows(int64_t rows) const {
  if (rows < 0) return fail(Code::kBadArgument, "%lld rows", static_cast<long long>(rows));
  const int64_t fixed = program_.fixed_batch;
  if (fixed == 0 || rows % fixed == 0) return Code::kOk;
  return fail(Code::kBadArgument, "the model is stateful and runs %lld rows at a time, of which %lld are no multiple",
              static_cast<long long>(fixed), static_cast<long long>(rows));
}

Code Model::check_indices(const void* const* inputs, int64_t rows) const {
  for (int32_t i = 0; i < program_.input_count; ++i) {
    const TensorInfo& input = program_.inputs[i];
    if (inputs[i] == nullptr && rows > 0 && input.elements > 0)
      return fail(Code::kBadArgument, "input '%s' is null", input.name);
    if (input.index_limit > 0 && !all_indices(inputs[i], input.type, rows * input.elements, input.index_limit))
      return fail(Code::kBadArgument, "input '%s': an index is not in 0 to %lld", input.name,
                  static_cast<long long>(input.index_limit - 1));
  }
  return Code::kOk;
}

Code Model::predict(int64_t rows, const void* const* inputs, void* const* outputs) {
  if (!weights_->known) return fail(Code::kNoWeights, "no weights: none were embedded, load or set some first");
  if (Code code = check_rows(rows); code != Code::kOk) return code;
  if (Code code = check_indices(inputs, rows); code != Code::kOk) return code;
  for (int32_t i = 0; i < program_.output_count; ++i)
    if (outputs[i] == nullptr && rows > 0 && program_.outputs[i].elements > 0)
      return fail(Code::kBadArgument, "output '%s' is null", program_.outputs[i].name);
  const void** part_inputs = pointers_.get();
  void** part_outputs = const_cast<void**>(part_inputs) + program_.input_count;
  for (int64_t first = 0; first < rows; first += max_rows_) {
    for (int32_t i = 0; i < program_.input_count; ++i) part_inputs[i] = row_of(inputs[i], program_.inputs[i], first);
    for (int32_t i = 0; i < program_.output_count; ++i)
      part_outputs[i] = const_cast<void*>(row_of(outputs[i], program_.outputs[i], first));
    const int64_t count = std::min(max_rows_, rows - first);
    if (Status status = executor_.run(program_.predict, part_inputs, part_outputs, count); !status)
      return fail(Code::kNoMemory, status.error());
  }
  return Code::kOk;
}

// ---- steps

Code Model::check_trainable() const {
  if (program_.train.run == nullptr)
    return fail(Code::kUnsupported, "the library cannot train: compile it with a loss and without --inference");
  if (trains_) return Code::kOk;
  return fail(Code::kUnsupported,
              owner_ ? "the model was created to predict only" : "a model that shares another's weights only predicts");
}

// Kernels compare class numbers with those that there are: one too large would be a sample without a class.
Code Model::check_targets(const void* const* targets, int64_t rows) const {
  for (int32_t i = 0; i < program_.target_count; ++i) {
    const TargetInfo& target = program_.targets[i];
    if (targets[i] == nullptr && target.tensor.elements > 0)
      return fail(Code::kBadArgument, "target '%s' is null", target.tensor.name);
    if (!target.is_class_index) continue;
    const int64_t classes = class_count(program_, target).value_or(std::numeric_limits<int32_t>::max());
    if (!all_indices(targets[i], target.tensor.type, rows * target.tensor.elements, classes))
      return fail(Code::kBadArgument, "target '%s': a class number is not in 0 to %lld", target.tensor.name,
                  static_cast<long long>(classes - 1));
  }
  return Code::kOk;
}

Code Model::run_labelled(const EntryInfo& entry, const ModelData& batch, float* metrics) {
  if (program_.fixed_batch > 0 && batch.rows != program_.fixed_batch)
    return fail(Code::kBadArgument, "the model is stateful and runs batches of %d samples alone, not of %lld",
                program_.fixed_batch, static_cast<long long>(batch.rows));
  if (Code code = make_ready(batch.rows); code != Code::kOk) return code;
  if (Code code = check_indices(batch.inputs, batch.rows); code != Code::kOk) return code;
  if (Code code = check_targets(batch.targets, batch.rows); code != Code::kOk) return code;
  const void** pointer = pointers_.get();
  pointer = std::copy_n(batch.inputs, program_.input_count, pointer);
  pointer = std::copy_n(batch.targets, program_.target_count, pointer);
  for (int32_t i = 0; i < program_.target_count; ++i) {
    const float* weights = batch.weights == nullptr ? nullptr : batch.weights[i];
    *pointer++ = weights == nullptr ? static_cast<const void*>(ones_.data()) : weights;
  }
  if (Status status = executor_.run(entry, pointers_.get(), nullptr, batch.rows); !status)
    return fail(Code::kNoMemory, status.error());
  if (metrics == nullptr) return Code::kOk;
  const Status status = executor_.metrics(metrics);
  return status ? Code::kOk : fail(Code::kNoMemory, status.error());
}

Code Model::train_on_batch(const ModelData& batch, float* metrics) {
  if (Code code = check_trainable(); code != Code::kOk) return code;
  if (Code code = check_rows(batch.rows); code != Code::kOk) return code;
  if (batch.rows == 0) return fail(Code::kBadArgument, "a batch without rows");
  // The key of random operations counts optimizer steps, as in fit.
  weights_->block.set_step(seed_, weights_->block.iterations(), 0, batch.rows);
  return run_labelled(program_.train, batch, metrics);
}

Code Model::test_on_batch(const ModelData& batch, float* metrics) {
  if (Code code = check_trainable(); code != Code::kOk) return code;
  if (Code code = check_rows(batch.rows); code != Code::kOk) return code;
  if (batch.rows == 0) return fail(Code::kBadArgument, "a batch without rows");
  return run_labelled(program_.evaluate, batch, metrics);
}

void Model::reset_states() {
  weights_->block.clear_memory();
}

void Model::reset_metrics() {
  weights_->block.reset_metrics();
}

// ---- the rest of the state

Code Model::reset(uint64_t seed) {
  seed_ = seed;
  weights_->block.initialize(seed);
  weights_->block.load_embedded(true);
  weights_->block.reset_metrics();
  return Code::kOk;
}

Code Model::get_learning_rate(double* rate) const {
  if (program_.learning_rate < 0)
    return fail(Code::kUnsupported, "a schedule computes the learning rate, or the library cannot train");
  *rate = weights_->block.learning_rate();
  return Code::kOk;
}

Code Model::set_learning_rate(double rate) {
  if (program_.learning_rate < 0)
    return fail(Code::kUnsupported, "a schedule computes the learning rate, or the library cannot train");
  if (!std::isfinite(rate) || rate < 0)
    return fail(Code::kBadArgument, "a learning rate of %g, expected at least 0", rate);
  const Status status = weights_->block.set_learning_rate(rate);
  return status ? Code::kOk : fail(Code::kUnsupported, status.error());
}

const char* Model::processor() const {
  return program_.cpu_target_count == 0 ? "" : program_.cpu_targets[choose_target(program_).index].name;
}

int64_t Model::iterations() const {
  return weights_->block.iterations();
}

}  // namespace kcc::runtime
