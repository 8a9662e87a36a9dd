#include "runtime/metric_logs.h"

#include <algorithm>

namespace kcc::runtime {

Result<Logs> metric_logs(Executor& executor) {
  const Program& program = executor.program();
  std::vector<float> values(static_cast<size_t>(program.metric_count));
  if (Status status = executor.metrics(values.data()); !status) return status.error();
  Logs logs;
  for (size_t i = 0; i < values.size(); ++i) logs.emplace_back(program.metrics[i].name, values[i]);
  std::sort(logs.begin(), logs.end(), [](auto& a, auto& b) { return a.first < b.first; });
  return logs;
}

}  // namespace kcc::runtime
