// metric_logs: the loss and the metrics of the batches so far, as reports and callbacks take them.
#pragma once

#include "runtime/executor.h"
#include "runtime/logs.h"

namespace kcc::runtime {

// Sorted by name, as Keras reports them.
Result<Logs> metric_logs(Executor& executor);

}  // namespace kcc::runtime
