#include <sys/random.h>

#include <cmath>
#include <optional>

#include "runtime/commands/setup.h"
#include "runtime/files/atomic_file.h"
#include "runtime/files/folders.h"
#include "runtime/fit.h"
#include "runtime/format.h"
#include "runtime/interrupt.h"
#include "runtime/plot/history_svg.h"
#include "runtime/weights/weights_file.h"

namespace kcc::runtime {
namespace {

uint64_t random_seed() {
  uint64_t seed = 0;
  while (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
  }
  return seed;
}

Status check_shareable(const Trainer& trainer) {
  if (trainer.ranks.alone() || trainer.program.train_share.run != nullptr) return {};
  return make_error("%d processes cannot train this model together: %s", trainer.ranks.size(),
                    trainer.program.share_obstacle);
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

std::string save_path(const Trainer& trainer, const Options& options) {
  if (options.no_save) return "";
  return options.save.empty() ? trainer.name + ".weights.h5" : options.save;
}

Status check_outputs(const Program& program, const Options& options, const std::string& save) {
  if (!save.empty()) {
    if (Status status = check_weights_name(program, save); !status) return status;
    if (Status status = check_writable(save); !status) return status;
  }
  return options.history.empty() ? Status() : check_writable(options.history);
}

std::string history_text(const Program& program, const std::string& path, const History& history) {
  if (path.ends_with(".svg")) return history_svg(history, program.model_name);
  return path.ends_with(".csv") ? history.to_csv() : history.to_json() + "\n";
}

Status write_results(const Trainer& trainer, const Options& options, const std::string& save, const StateBlock& state,
                     const History& history) {
  if (!save.empty()) {
    if (Status status = save_weights(trainer.program, save, state.data()); !status) return status;
    if (options.save.empty()) trainer.warn("weights saved to " + save);
  }
  if (options.history.empty()) return {};
  return write_file(options.history, history_text(trainer.program, options.history, history));
}

// The validation's batches, and room for them.
Result<std::optional<Validation>> open_validation(const Trainer& trainer, const Options& options,
                                                  const std::optional<Dataset>& data, Executor& executor) {
  if (!data) return std::optional<Validation>();
  const Program& program = trainer.program;
  const Steps steps = plan_steps(data->samples, options.batch_size, options.validation_steps, program.fixed_batch);
  if (steps.count > steps.available) {
    trainer.warn(format("--validation-steps %ld: the data ran out, there are %ld batches of %ld", steps.count,
                        steps.available, steps.batch));
  }
  Result<BatchReader> reader = open_batches(executor, program.evaluate, *data, steps);
  if (!reader) return reader.error();
  return std::optional<Validation>(Validation{&*data, std::move(*reader), steps});
}

}  // namespace

Result<int> run_fit(const Trainer& trainer, const Options& options) {
  const Program& program = trainer.program;
  const std::string save = save_path(trainer, options);
  if (Status status = check_trainable(program, "fit"); !status) return status.error();
  if (Status status = check_shareable(trainer); !status) return status.error();
  if (trainer.ranks.first()) {
    if (Status status = check_outputs(program, options, save); !status) return status.error();
  }
  Result<CallbackList> callbacks = CallbackList::make(options.callbacks);
  if (!callbacks) return make_error("--callback: %s", callbacks.error().message.c_str());
  if (Status status = callbacks->share(trainer.ranks); !status) return status.error();

  // A resumed run must split as the first one did, also where neither was given a seed.
  std::optional<uint64_t> split_seed;
  if (options.validation_split > 0) split_seed = options.seed.value_or(0);
  Result<Dataset> data = load_labelled_data(program, options, split_seed);
  if (!data) return data.error();
  const Result<std::optional<Dataset>> validation_data = make_validation(program, options, *data);
  if (!validation_data) return validation_data.error();
  if (!options.class_weight.empty()) {
    if (Status status = bind_class_weights(program, options.class_weight, &*data); !status) return status.error();
  }

  uint64_t seed = options.seed ? *options.seed : random_seed();
  trainer.ranks.broadcast(&seed, sizeof(seed));
  Result<StateBlock> state = make_state(trainer, options, seed);
  if (!state) return state.error();
  Executor executor(program, *state, trainer.ranks.threads(options.threads));
  const Steps steps = plan_steps(data->samples, options.batch_size, options.steps_per_epoch, program.fixed_batch);
  const EntryInfo& train = trainer.ranks.alone() ? program.train : program.train_share;
  Result<BatchReader> reader = open_batches(executor, train, *data, steps, trainer.ranks.size());
  if (!reader) return reader.error();
  Result<std::optional<Validation>> validation = open_validation(trainer, options, *validation_data, executor);
  if (!validation) return validation.error();

  catch_interrupts();
  Report report(program, trainer.ranks.first() ? options.verbose : 0, options.progress);
  const FitPlan plan = {options.initial_epoch, options.epochs, steps, options.shuffle, seed};
  Training training(trainer, options, plan, *state, executor, *data, *validation ? &**validation : nullptr, report,
                    std::move(*callbacks));
  if (Status status = fit(training, *reader); !status) return status.error();
  state->finalize();  // as Keras, after what callbacks do when training ends
  if (training.signal != 0) trainer.warn("interrupted");
  if (trainer.ranks.first()) {
    if (const std::string speed = report.speed(); !speed.empty()) trainer.warn(speed);
    const Status written = write_results(trainer, options, save, *state, training.history);
    if (!written) return written.error();
  }
  if (Status status = training.callbacks.on_saved(training); !status) return status.error();
  return training.signal == 0 ? 0 : 128 + training.signal;
}

}  // namespace kcc::runtime
