#include "runtime/commands/setup.h"

#include "runtime/format.h"
#include "runtime/weights/weights_file.h"

namespace kcc::runtime {
namespace {

Status load_file(const Trainer& trainer, const std::string& path, bool with_optimizer, StateBlock& state) {
  const Result<LoadedWeights> loaded = load_weights(trainer.program, path, with_optimizer, state.data());
  if (!loaded) return loaded.error();
  if (with_optimizer && !loaded->optimizer_note.empty()) {
    trainer.warn(format("%s: the optimizer starts anew: %s", path.c_str(), loaded->optimizer_note.c_str()));
  }
  return {};
}

// A model of activations and poolings alone has none.
bool has_weights(const Program& program) {
  for (int32_t i = 0; i < program.state_count; ++i) {
    const Role role = program.states[i].role;
    if (role == Role::kWeight || role == Role::kStatistic) return true;
  }
  return false;
}

}  // namespace

Status check_trainable(const Program& program, const char* command) {
  if (program.target_count == 0 || program.metric_count == 0) {
    return make_error("%s needs a loss and the model has none: compile it again with kcc --loss LOSS", command);
  }
  if (program.evaluate.run == nullptr) {
    return make_error("%s is not possible: the program was compiled with --inference", command);
  }
  return {};
}

Status check_has_weights(const Program& program, const Options& options) {
  if (!options.weights.empty() || program.initial_weights != nullptr || !has_weights(program)) return {};
  return make_error("no weights: none were embedded at compile time, pass --weights FILE");
}

Result<Dataset> load_labelled_data(const Program& program, const Options& options,
                                   std::optional<uint64_t> folder_seed) {
  Result<Dataset> data = bind_data(program, {options.x, options.y, options.csv_label, "", folder_seed}, true);
  if (!data) return data;
  const Status weighted = bind_sample_weights(program, "--sample-weight", options.sample_weight, &*data);
  if (!weighted) return weighted.error();
  return data;
}

Result<StateBlock> make_state(const Trainer& trainer, const Options& options, uint64_t seed) {
  Result<StateBlock> state = StateBlock::allocate(trainer.program);
  if (!state) return state;
  state->initialize(seed);
  state->load_embedded(!options.reset_optimizer);
  if (!options.weights.empty()) {
    if (Status status = load_file(trainer, options.weights, !options.reset_optimizer, *state); !status) {
      return status.error();
    }
  }
  if (options.learning_rate) {
    if (Status status = state->set_learning_rate(*options.learning_rate); !status) return status.error();
  }
  return state;
}

Result<BatchReader> open_batches(Executor& executor, const EntryInfo& entry, const Dataset& data, const Steps& steps,
                                 int64_t ranks) {
  const int64_t largest = (steps.batch + ranks - 1) / ranks;
  if (Status status = executor.check_samples(steps.samples); !status) return status.error();
  if (Status status = executor.prepare(entry, largest); !status) return status.error();
  return BatchReader::create(data, largest, executor.threads() > 1);
}

}  // namespace kcc::runtime
