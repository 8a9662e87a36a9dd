#include "runtime/commands/setup.h"
#include "runtime/data/npy.h"
#include "runtime/data/npz.h"
#include "runtime/files/folders.h"
#include "runtime/files/mapped_file.h"
#include "runtime/predict.h"

namespace kcc::runtime {
namespace {

Status write_predictions(const Program& program, const std::string& path, const std::vector<Array>& arrays) {
  if (path.ends_with(".npy")) return write_npy(path, arrays[0]);
  std::vector<std::pair<std::string, Array>> members;
  for (size_t i = 0; i < arrays.size(); ++i) members.emplace_back(program.outputs[i].name, arrays[i]);
  return write_npz(path, members);
}

}  // namespace

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
  Executor executor(program, *state, trainer.ranks.threads(options.threads));
  const Steps steps = plan_steps(data->samples, options.batch_size, 0, program.fixed_batch);
  Result<BatchReader> reader = open_batches(executor, program.predict, *data, steps);
  if (!reader) return reader.error();
  Report report(program, options.verbose, options.progress);
  Result<std::vector<Array>> outputs = predict(program, executor, *reader, steps, report);
  if (!outputs) return outputs.error();
  if (Status status = check_mapped_files(); !status) return status.error();
  if (Status status = write_predictions(program, options.out, *outputs); !status) return status.error();
  return 0;
}

}  // namespace kcc::runtime
