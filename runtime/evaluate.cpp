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
                      const Steps& steps, Report* report) {
  state.reset_metrics();
  if (report != nullptr) report->begin(steps.count);
  for (int64_t step = 0; step < std::min(steps.count, steps.available); ++step) {
    const int64_t batch = steps.size(step);
    const void* const* inputs = reader.read({}, step * steps.batch, batch);
    if (Status status = executor.run(program.evaluate, inputs, nullptr, batch); !status) return status.error();
    if (report != nullptr)
      if (Status status = report->step(step + 1, &executor); !status) return status.error();
    if (interrupting_signal() != 0) break;
  }
  Result<Logs> logs = executor.metrics();
  if (logs && report != nullptr) report->finish(*logs);
  return logs;
}

}  // namespace kcc::runtime
