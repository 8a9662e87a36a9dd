#include "runtime/evaluate.h"

#include <algorithm>

#include "runtime/interrupt.h"

namespace kcc::runtime {

Steps plan_steps(int64_t samples, int64_t batch, int64_t limit, int64_t fixed_batch) {
  if (batch == 0) batch = fixed_batch;
  constexpr int64_t kDefaultBatch = 32;
  if (batch == 0) batch = limit > 0 ? (samples + limit - 1) / limit : kDefaultBatch;
  batch = std::min(batch, samples);
  const int64_t available = (samples + batch - 1) / batch;
  return {samples, batch, limit > 0 ? limit : available, available};
}

Result<Logs> evaluate(const Program& program, Executor& executor, StateBlock& state, BatchReader& reader,
                      const Steps& steps, const Ranks& ranks, Report* report) {
  state.reset_metrics();
  if (report != nullptr) report->begin(steps.count);
  const int64_t count = std::min(steps.count, steps.available);
  for (int64_t step = ranks.rank(); step < count; step += ranks.size()) {
    Result<const void* const*> inputs = reader.read({}, step * steps.batch, steps.size(step));
    if (!inputs) return inputs.error();
    const int64_t next = step + ranks.size();
    if (next < count) reader.read_ahead({}, next * steps.batch, steps.size(next));
    if (Status status = executor.run(program.evaluate, *inputs, nullptr, steps.size(step)); !status) return status.error();
    if (report != nullptr)
      if (Status status = report->step(step + 1, &executor); !status) return status.error();
    if (interrupting_signal() != 0) break;
  }
  state.sum_metrics(ranks);
  Result<Logs> logs = executor.metrics();
  if (logs && report != nullptr) report->finish(*logs);
  return logs;
}

}  // namespace kcc::runtime
