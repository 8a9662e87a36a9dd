#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <optional>

#include "runtime/batch_reader.h"
#include "runtime/bind_data.h"
#include "runtime/data/npy.h"
#include "runtime/data/npz.h"
#include "runtime/evaluate.h"
#include "runtime/executor.h"
#include "runtime/files/atomic_file.h"
#include "runtime/fit.h"
#include "runtime/format.h"
#include "runtime/interrupt.h"
#include "runtime/predict.h"
#include "runtime/summary.h"
#include "runtime/trainer.h"
#include "runtime/weights/weights_file.h"

namespace kcc::runtime {
namespace {

// Asked before the work begins, not after hours of it.
Status check_writable(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return make_error("cannot write '%s': folder '%s': %s", path.c_str(), folder.c_str(), std::strerror(errno));
  }
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return make_error("cannot write '%s': it is a folder", path.c_str());
  }
  return {};
}

Status check_trainable(const Program& program, const char* command) {
  if (program.target_count == 0 || program.metric_count == 0) {
    return make_error("%s needs a loss and the model has none: compile it again with kcc --loss LOSS", command);
  }
  if (program.evaluate.run == nullptr) {
    return make_error("%s is not possible: the program was compiled with --inference", command);
  }
  return {};
}

uint64_t random_seed() {
  uint64_t seed = 0;
  while (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
  }
  return seed;
}

Status load_file(const Trainer& trainer, const std::string& path, bool with_optimizer, StateBlock& state) {
  const Result<LoadedWeights> loaded = load_weights(trainer.program, path, with_optimizer, state.data());
  if (!loaded) return loaded.error();
  if (with_optimizer && !loaded->optimizer_note.empty()) {
    trainer.warn(format("%s: the optimizer starts anew: %s", path.c_str(), loaded->optimizer_note.c_str()));
  }
  return {};
}

// The states of a run: drawn from the seed, then the embedded weights, then those of --weights.
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

// Batches of a data set, and an executor with room for them.
Result<BatchReader> open_batches(Executor& executor, const EntryInfo& entry, const Dataset& data, const Steps& steps) {
  if (Status status = executor.check_samples(steps.samples); !status) return status.error();
  if (Status status = executor.prepare(entry, steps.batch); !status) return status.error();
  return BatchReader::create(data, steps.batch);
}

Status check_has_weights(const Program& program, const Options& options) {
  if (!options.weights.empty() || program.initial_weights != nullptr) return {};
  return make_error("no weights: none were embedded at compile time, pass --weights FILE");
}

// The validation data: of its own files, or the last part of the training data, which then loses it.
Result<std::optional<Dataset>> make_validation(const Program& program, const Options& options, Dataset& data) {
  if (!options.validation_x.empty()) {
    Result<Dataset> validation =
        bind_data(program, {options.validation_x, options.validation_y, options.csv_label, "validation "}, true);
    if (!validation) return validation.error();
    const Status weighted =
        bind_sample_weights(program, "--validation-sample-weight", options.validation_sample_weight, &*validation);
    if (!weighted) return weighted.error();
    return std::optional<Dataset>(std::move(*validation));
  }
  if (options.validation_split == 0) return std::optional<Dataset>();
  const int64_t split_at =
      static_cast<int64_t>(std::floor(static_cast<double>(data.samples) * (1.0 - options.validation_split)));
  if (split_at == 0 || split_at == data.samples) {
    return make_error("--validation-split %g of %ld samples leaves no samples for %s", options.validation_split,
                      data.samples, split_at == 0 ? "training" : "validation");
  }
  return std::optional<Dataset>(split_off(data, split_at));
}

// The data to fit or evaluate, with the weights of its samples.
Result<Dataset> load_labelled_data(const Program& program, const Options& options) {
  Result<Dataset> data = bind_data(program, {options.x, options.y, options.csv_label, ""}, true);
  if (!data) return data;
  const Status weighted = bind_sample_weights(program, "--sample-weight", options.sample_weight, &*data);
  if (!weighted) return weighted.error();
  return data;
}

std::string save_path(const Trainer& trainer, const Options& options) {
  if (options.no_save) return "";
  return options.save.empty() ? trainer.name + ".weights.h5" : options.save;
}

Status check_outputs(const Options& options, const std::string& save) {
  if (!save.empty()) {
    if (Status status = check_weights_name(save); !status) return status;
    if (Status status = check_writable(save); !status) return status;
  }
  return options.history.empty() ? Status() : check_writable(options.history);
}

Status write_results(const Trainer& trainer, const Options& options, const std::string& save, const StateBlock& state,
                     const History& history) {
  if (!save.empty()) {
    if (Status status = save_weights(trainer.program, save, state.data()); !status) return status;
    if (options.save.empty()) trainer.warn("weights saved to " + save);
  }
  if (options.history.empty()) return {};
  const bool csv = options.history.ends_with(".csv");
  return write_file(options.history, csv ? history.to_csv() : history.to_json() + "\n");
}

void warn_of_shortage(const Trainer& trainer, const char* option, const Steps& steps) {
  trainer.warn(format("%s %ld: the data ran out, there are %ld batches of %ld", option, steps.count, steps.available,
                      steps.batch));
}

std::string scores_json(const Logs& logs) {
  History history;
  history.add(0, logs);
  return history.to_json() + "\n";
}

Status write_predictions(const Program& program, const std::string& path, const std::vector<Array>& arrays) {
  if (path.ends_with(".npy")) return write_npy(path, arrays[0]);
  std::vector<std::pair<std::string, Array>> members;
  for (size_t i = 0; i < arrays.size(); ++i) members.emplace_back(program.outputs[i].name, arrays[i]);
  return write_npz(path, members);
}

}  // namespace

Result<int> run_fit(const Trainer& trainer, const Options& options) {
  const Program& program = trainer.program;
  const std::string save = save_path(trainer, options);
  if (Status status = check_trainable(program, "fit"); !status) return status.error();
  if (Status status = check_outputs(options, save); !status) return status.error();

  Result<Dataset> data = load_labelled_data(program, options);
  if (!data) return data.error();
  Result<std::optional<Dataset>> validation_data = make_validation(program, options, *data);
  if (!validation_data) return validation_data.error();
  if (!options.class_weight.empty()) {
    if (Status status = bind_class_weights(program, options.class_weight, &*data); !status) return status.error();
  }

  const uint64_t seed = options.seed ? *options.seed : random_seed();
  Result<StateBlock> state = make_state(trainer, options, seed);
  if (!state) return state.error();
  Executor executor(program, *state, options.threads);

  const Steps steps = plan_steps(data->samples, options.batch_size, options.steps_per_epoch, program.fixed_batch);
  Result<BatchReader> reader = open_batches(executor, program.train, *data, steps);
  if (!reader) return reader.error();
  std::optional<Validation> validation;
  if (*validation_data) {
    const Steps cut =
        plan_steps((*validation_data)->samples, options.batch_size, options.validation_steps, program.fixed_batch);
    if (cut.count > cut.available) warn_of_shortage(trainer, "--validation-steps", cut);
    Result<BatchReader> batches = open_batches(executor, program.evaluate, **validation_data, cut);
    if (!batches) return batches.error();
    validation.emplace(Validation{std::move(*batches), cut});
  }

  catch_interrupts();
  Report report(options.verbose, options.progress);
  const FitPlan plan = {options.initial_epoch, options.epochs, steps, options.shuffle, seed};
  Result<FitResult> result = fit(program, executor, *state, *reader, plan, validation ? &*validation : nullptr, report);
  if (!result) return result.error();
  if (result->ran_out) warn_of_shortage(trainer, "--steps-per-epoch", steps);
  if (result->signal != 0) trainer.warn("interrupted");
  if (Status status = write_results(trainer, options, save, *state, result->history); !status) return status.error();
  return result->signal == 0 ? 0 : 128 + result->signal;
}

Result<int> run_evaluate(const Trainer& trainer, const Options& options) {
  const Program& program = trainer.program;
  if (Status status = check_trainable(program, "evaluate"); !status) return status.error();
  if (Status status = check_has_weights(program, options); !status) return status.error();
  Result<Dataset> data = load_labelled_data(program, options);
  if (!data) return data.error();
  Result<StateBlock> state = make_state(trainer, options, 0);
  if (!state) return state.error();
  Executor executor(program, *state, options.threads);
  const Steps steps = plan_steps(data->samples, options.batch_size, 0, program.fixed_batch);
  Result<BatchReader> reader = open_batches(executor, program.evaluate, *data, steps);
  if (!reader) return reader.error();
  Report report(options.json ? 0 : options.verbose, options.progress);
  const Result<Logs> logs = evaluate(program, executor, *state, *reader, steps, &report);
  if (!logs) return logs.error();
  if (options.json) std::fputs(scores_json(*logs).c_str(), stdout);
  return 0;
}

Result<int> run_predict(const Trainer& trainer, const Options& options) {
  const Program& program = trainer.program;
  if (options.out.ends_with(".npy") && program.output_count > 1) {
    return make_error("-o '%s' holds one array, but the model has %d outputs: pass FILE.npz", options.out.c_str(),
                      program.output_count);
  }
  if (Status status = check_has_weights(program, options); !status) return status.error();
  if (Status status = check_writable(options.out); !status) return status.error();
  Result<Dataset> data = bind_data(program, {options.x, options.y, options.csv_label, ""}, false);
  if (!data) return data.error();
  Result<StateBlock> state = make_state(trainer, options, 0);
  if (!state) return state.error();
  Executor executor(program, *state, options.threads);
  const Steps steps = plan_steps(data->samples, options.batch_size, 0, program.fixed_batch);
  Result<BatchReader> reader = open_batches(executor, program.predict, *data, steps);
  if (!reader) return reader.error();
  Report report(options.verbose, options.progress);
  Result<std::vector<Array>> outputs = predict(program, executor, *reader, steps, report);
  if (!outputs) return outputs.error();
  if (Status status = write_predictions(program, options.out, *outputs); !status) return status.error();
  return 0;
}

Result<int> run_summary(const Trainer& trainer) {
  std::fputs(summary_text(trainer.program, terminal_width(), utf8_locale()).c_str(), stdout);
  return 0;
}

}  // namespace kcc::runtime
