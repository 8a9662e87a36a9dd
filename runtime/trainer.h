// The trainer's commands, each from checked options to an exit status. trainer_main (program.h) chooses one.
#pragma once

#include <string>

#include "runtime/distributed/ranks.h"
#include "runtime/files/result.h"
#include "runtime/options.h"
#include "runtime/program.h"

namespace kcc::runtime {

// Who speaks: the program's tables, the name it was started by, and the processes it works with.
struct Trainer {
  const Program& program;
  std::string name;
  Ranks& ranks;

  void warn(const std::string& message) const;  // to standard error; of several ranks the first alone
};

// Each returns the exit status; an Error is exit 1.
Result<int> run_fit(const Trainer& trainer, const Options& options);
Result<int> run_evaluate(const Trainer& trainer, const Options& options);
Result<int> run_predict(const Trainer& trainer, const Options& options);
Result<int> run_summary(const Trainer& trainer);
Result<int> run_bench(const Trainer& trainer, const Options& options);
Result<int> run_verify(const Trainer& trainer, const Options& options);

}  // namespace kcc::runtime
