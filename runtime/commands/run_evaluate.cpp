#include <cstdio>

#include "runtime/commands/setup.h"
#include "runtime/files/mapped_file.h"
#include "runtime/history.h"

namespace kcc::runtime {
namespace {

std::string scores_json(const Logs& logs) {
  History history;
  history.add(0, logs);
  return history.to_json() + "\n";
}

}  // namespace

Result<int> run_evaluate(const Trainer& trainer, const Options& options) {
  const Program& program = trainer.program;
  if (Status status = check_trainable(program, "evaluate"); !status) return status.error();
  if (Status status = check_has_weights(program, options); !status) return status.error();
  Result<Dataset> data = load_labelled_data(program, options);
  if (!data) return data.error();
  Result<StateBlock> state = make_state(trainer, options, 0);
  if (!state) return state.error();
  Executor executor(program, *state, trainer.ranks.threads(options.threads));
  const Steps steps = plan_steps(data->samples, options.batch_size, 0, program.fixed_batch);
  Result<BatchReader> reader = open_batches(executor, program.evaluate, *data, steps);
  if (!reader) return reader.error();
  const bool first = trainer.ranks.first();
  Report report(program, options.json || !first ? 0 : options.verbose, options.progress);
  const Result<Logs> logs = evaluate(program, executor, *state, *reader, steps, trainer.ranks, &report);
  if (!logs) return logs.error();
  if (Status status = check_mapped_files(); !status) return status.error();
  if (options.json && first) std::fputs(scores_json(*logs).c_str(), stdout);
  return 0;
}

}  // namespace kcc::runtime
