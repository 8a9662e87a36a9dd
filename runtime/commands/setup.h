// What the commands share before their work begins: data, states and room, from checked options.
#pragma once

#include "runtime/bind_data.h"
#include "runtime/evaluate.h"
#include "runtime/trainer.h"

namespace kcc::runtime {

// Whether the program has a loss and can evaluate it.
Status check_trainable(const Program& program, const char* command);
// Whether there are any weights but random ones.
Status check_has_weights(const Program& program, const Options& options);

// The data to fit or evaluate, with the weights of its samples. `folder_seed` as in DataFiles.
Result<Dataset> load_labelled_data(const Program& program, const Options& options,
                                   std::optional<uint64_t> folder_seed = std::nullopt);

// The states of a run: drawn from the seed, then the embedded weights, then those of --weights.
Result<StateBlock> make_state(const Trainer& trainer, const Options& options, uint64_t seed);

// Batches of a data set, of which `ranks` have a share each, and an executor with room for them.
Result<BatchReader> open_batches(Executor& executor, const EntryInfo& entry, const Dataset& data, const Steps& steps,
                                 int64_t ranks = 1);

}  // namespace kcc::runtime
