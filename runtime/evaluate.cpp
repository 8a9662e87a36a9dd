#include "runtime/evaluate.h"

#include <algorithm>

#include "runtime/distributed/rank_sums.h"
#include "runtime/interrupt.h"
#include "runtime/metric_logs.h"

namespace kcc::runtime {

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
  sum_metrics(program, state, ranks);
  Result<Logs> logs = metric_logs(executor);
  if (logs && report != nullptr) report->finish(*logs);
  return logs;
}

}  // namespace kcc::runtime
