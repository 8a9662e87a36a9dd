// predict: the outputs for a data set.
#pragma once

#include <vector>

#include "runtime/batch_reader.h"
#include "runtime/evaluate.h"
#include "runtime/executor.h"
#include "runtime/report.h"

namespace kcc::runtime {

// One array for each of the program's outputs, a row for each sample.
Result<std::vector<Array>> predict(const Program& program, Executor& executor, BatchReader& reader, const Steps& steps,
                                   Report& report);

}  // namespace kcc::runtime
